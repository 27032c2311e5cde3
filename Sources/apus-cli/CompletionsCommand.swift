internal import Models

/// `apus completions`: what a shell needs to complete verbs and options.
enum CompletionsCommand: Verb {
  static let name = "completions"
  static let summary = "Prints a script that completes verbs and options in a shell."
  static let positionals = ["bash|zsh|fish"]
  static let options: [Option] = []
  static let details = """
    bash: source <(apus completions bash)
    zsh:  source <(apus completions zsh)
    fish: apus completions fish | source
    """

  static func run(_ arguments: Arguments) throws -> ExitCode {
    switch arguments.positionals[0] {
    case "bash": return try Output.show(bash)
    case "zsh": return try Output.show("autoload -Uz bashcompinit && bashcompinit\n" + bash)
    case "fish": return try Output.show(fish)
    default:
      throw UsageError("no script for \"\(arguments.positionals[0])\": bash, zsh or fish")
    }
  }

  private static var verbNames: String { verbs.map { $0.name }.joined(separator: " ") }

  private static var bash: String {
    let cases = verbs.map { verb in
      let words = verb.options.map { "--\($0.name)" } + ["--help"] + verb.choices
      return "    \(verb.name)) words=\"\(words.joined(separator: " "))\" ;;"
    }
    let values = choices.map {
      "    --\($0.name)) words=\"\($0.values.joined(separator: " "))\" ;;"
    }
    // After an option whose value may be anything, files are offered, which is complete's default.
    let others = Set(verbs.flatMap { $0.options }.filter { $0.valueName != nil }.map { $0.name })
      .subtracting(choices.map(\.name)).sorted().map { "--\($0)" }
    return """
      _apus() {
        local word=${COMP_WORDS[COMP_CWORD]} words= verb=${COMP_WORDS[1]}
        case ${COMP_WORDS[COMP_CWORD-1]} in
      \(values.joined(separator: "\n"))
          \(others.joined(separator: "|"))) return ;;
        esac
        if [[ -z $words && $COMP_CWORD == 1 ]]; then words="\(verbNames) --help"; fi
        if [[ -z $words ]]; then
          case $verb in
      \(cases.joined(separator: "\n"))
          esac
        fi
        COMPREPLY=($(compgen -W "$words" -- "$word"))
      }
      complete -o default -F _apus apus
      """
  }

  private static var fish: String {
    var lines = ["complete -c apus -n __fish_use_subcommand -l help -d 'what there is'"]
    for verb in verbs {
      lines.append(
        "complete -c apus -n __fish_use_subcommand -a \(verb.name) -d \(quoted(verb.summary))")
      let condition = "-n '__fish_seen_subcommand_from \(verb.name)'"
      for choice in verb.choices { lines.append("complete -c apus \(condition) -a \(choice)") }
      for option in verb.options {
        let values = choices.first { $0.name == option.name }?.values.joined(separator: " ")
        // Besides the words that are known there may be a file.
        let takes = option.valueName == nil ? "" : " -r" + (values.map { " -a '\($0)'" } ?? "")
        lines.append(
          "complete -c apus \(condition) -l \(option.name)\(takes) -d \(quoted(option.help))")
      }
    }
    return lines.joined(separator: "\n")
  }

  /// Options whose values are known.
  private static var choices: [(name: String, values: [String])] {
    [
      ("model", Architecture.all.map(\.name)), ("device", ["cpu", "opencl", "auto"]),
      ("data", learningTasks.flatMap(\.sets).map(\.name)), ("optimizer", OptimizerChoice.names),
      ("schedule", ScheduleChoice.names),
    ]
  }

  private static func quoted(_ text: String) -> String {
    "'" + text.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
  }
}

extension Verb {
  /// The words its positional argument may be, where they are few.
  fileprivate static var choices: [String] {
    let words = positionals.first?.split(separator: "|").map(String.init) ?? []
    return words.count > 1 ? words : []
  }
}
