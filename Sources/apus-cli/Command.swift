internal import Geometry
internal import Glibc

/// A verb of `apus`.
protocol Verb {
  static var name: String { get }
  static var summary: String { get }
  /// Positional arguments, as the usage line shows them: `DIR`.
  static var positionals: [String] { get }
  static var options: [Option] { get }
  /// What the help says below the options.
  static var details: String { get }
  /// Runs the verb and returns the exit code.
  static func run(_ arguments: Arguments) throws -> ExitCode
}

var verbs: [any Verb.Type] {
  [
    TrainCommand.self, EvaluateCommand.self, PredictCommand.self, ReportCommand.self,
    SummaryCommand.self, InspectCommand.self, DevicesCommand.self, DoctorCommand.self,
    KernelsCommand.self, BenchCommand.self, ReplayCommand.self,
    CompletionsCommand.self,
  ]
}

/// Runs `apus` with these words and returns its exit code.
func runCommand(_ words: [String]) -> Int32 {
  guard let first = words.first else {
    Output.note(overview)
    return ExitCode.usage.rawValue
  }
  if first == "--help" || first == "-h" {
    return finish(nil) { try Output.show(overview) }
  }
  guard let verb = verbs.first(where: { $0.name == first }) else {
    let names = verbs.map { $0.name }
    let near = suggestion(for: first, among: names)
    let known = near.isEmpty ? ", known: \(names.joined(separator: ", "))" : near
    Output.note("apus: unknown verb \"\(first)\"\(known)\ntry: apus --help")
    return ExitCode.usage.rawValue
  }
  let words = Array(words.dropFirst())
  if words.prefix(while: { $0 != "--" }).contains(where: { $0 == "--help" || $0 == "-h" }) {
    return finish(nil) { try Output.show(help(of: verb)) }
  }
  return finish(verb.name) {
    let arguments = try Arguments(words, options: verb.options, positionals: verb.positionals)
    return try verb.run(arguments)
  }
}

private func finish(_ verb: String?, _ body: () throws -> ExitCode) -> Int32 {
  let name = "apus" + (verb.map { " \($0)" } ?? "")
  do {
    return try body().rawValue
  } catch let error as TensorError {
    let text = "\(error)"
    // Mistakes that a verb finds itself are its own operation.
    Output.note(text.hasPrefix("\(verb ?? ""): ") ? "apus \(text)" : "\(name): \(text)")
    return ExitCode(error).rawValue
  } catch let error as UsageError {
    Output.note("\(name): \(error.problem)\ntry: \(name) --help")
    return ExitCode.usage.rawValue
  } catch {
    Output.note("\(name): \(error)")
    return ExitCode.internalError.rawValue
  }
}

private var overview: String {
  let width = verbs.map { $0.name.count }.max() ?? 0
  let lines = verbs.map { "  \($0.name.padded(to: width))  \($0.summary)" }
  return """
    Apus trains neural networks on OpenCL devices and on CPUs.

    usage: apus VERB [OPTIONS]

    \(lines.joined(separator: "\n"))

    apus VERB --help tells more.
    """
}

private func help(of verb: any Verb.Type) -> String {
  let usage = (["apus", verb.name] + verb.positionals + verb.options.map(\.usage))
  let width = verb.options.map { $0.spelling.count }.max() ?? 0
  let lines = verb.options.map { "  \($0.spelling.padded(to: width))  \($0.help)" }
  let parts = [
    verb.summary, "usage: " + wrapped(usage), lines.joined(separator: "\n"), verb.details,
  ]
  return parts.filter { !$0.isEmpty }.joined(separator: "\n\n")
}

/// `words` on lines of at most a hundred characters, none cut.
private func wrapped(_ words: [String]) -> String {
  var lines = [""]
  for word in words {
    let last = lines[lines.count - 1]
    if !last.isEmpty, last.count + word.count > 88 {
      lines.append("         " + word)
    } else {
      lines[lines.count - 1] = last.isEmpty ? word : last + " " + word
    }
  }
  return lines.joined(separator: "\n")
}

/// Opens what a parent has closed of standard input, output and error: the next file would get its
/// number, and with it what is printed.
func openStandardStreams() {
  for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
    _ = open("/dev/null", O_RDWR)
  }
}

/// Ctrl-C and SIGTERM end the process with the codes scripts know; a reader that goes away and a
/// file that may not grow are errors of the call that meets them, not the end.
///
/// A parent may have started this process from a thread with the signals blocked, which is
/// inherited.
func installSignalHandlers() {
  var asked = sigset_t()
  sigemptyset(&asked)
  for number in [SIGINT, SIGTERM] { sigaddset(&asked, number) }
  pthread_sigmask(SIG_UNBLOCK, &asked, nil)
  signal(SIGINT) { _ in _exit(130) }
  signal(SIGTERM) { _ in _exit(143) }
  for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
}
