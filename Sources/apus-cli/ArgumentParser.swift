/// An option of a verb: `--json`, or `--device D` if it takes a value.
struct Option {
  let name: String
  /// What the help calls the value; nil for a flag.
  let valueName: String?
  let isRequired: Bool
  let help: String

  static func flag(_ name: String, _ help: String) -> Option {
    Option(name: name, valueName: nil, isRequired: false, help: help)
  }

  static func value(
    _ name: String, _ valueName: String, isRequired: Bool = false, _ help: String
  ) -> Option {
    Option(name: name, valueName: valueName, isRequired: isRequired, help: help)
  }

  /// `--device D`
  var spelling: String { "--\(name)" + (valueName.map { " \($0)" } ?? "") }
  var usage: String { isRequired ? spelling : "[\(spelling)]" }
}

/// A mistake in the command line.
struct UsageError: Error {
  let problem: String

  init(_ problem: String) { self.problem = problem }
}

/// The words after a verb, sorted into positional arguments and options.
struct Arguments {
  private(set) var positionals: [String] = []
  private var values: [String: String] = [:]

  /// Sorts `words`: options are `--name value` or `--name=value`; after `--` nothing is an option.
  /// The last of `names` stands for one or more if it ends with `…`.
  init(_ words: [String], options: [Option], positionals names: [String]) throws(UsageError) {
    var rest = words[...]
    var areOptionsOver = false
    while let word = rest.popFirst() {
      if areOptionsOver || !word.hasPrefix("-") || word == "-" {
        positionals.append(word)
      } else if word == "--" {
        areOptionsOver = true
      } else {
        try take(word, &rest, options)
      }
    }
    for option in options where option.isRequired && values[option.name] == nil {
      throw UsageError("\(option.spelling) is missing")
    }
    guard positionals.count >= names.count else {
      throw UsageError("\(names[positionals.count]) is missing")
    }
    guard positionals.count == names.count || names.last?.hasSuffix("…") == true else {
      throw UsageError("unexpected argument \"\(positionals[names.count])\"")
    }
  }

  private mutating func take(
    _ word: String, _ rest: inout ArraySlice<String>, _ options: [Option]
  ) throws(UsageError) {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts[0].hasPrefix("--"),
      let option = options.first(where: { "--" + $0.name == parts[0] })
    else {
      let known = options.map { "--" + $0.name }
      throw UsageError(
        "unknown option \(parts[0])" + suggestion(for: String(parts[0]), among: known))
    }
    guard values[option.name] == nil else { throw UsageError("\(parts[0]) is given twice") }
    guard let valueName = option.valueName else {
      guard parts.count == 1 else { throw UsageError("\(parts[0]) takes no value") }
      values[option.name] = ""
      return
    }
    if parts.count == 2 {
      values[option.name] = String(parts[1])
    } else if let next = rest.first, !next.hasPrefix("--") {
      values[option.name] = rest.removeFirst()
    } else {
      throw UsageError("\(parts[0]) needs a value: \(valueName)")
    }
    guard values[option.name] != "" else {
      throw UsageError("\(parts[0]) needs a value: \(valueName)")
    }
  }

  /// Whether the flag `--name` is given.
  func has(_ name: String) -> Bool { values[name] != nil }

  func value(_ name: String) -> String? { values[name] }
}
