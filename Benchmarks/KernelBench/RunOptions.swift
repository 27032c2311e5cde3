/// A mistake in the command line.
struct UsageError: Error {
  let problem: String
}

/// What to time, where, and how often.
struct RunOptions {
  var device: String?
  var only: String?
  var rounds = 9
  var save: String?

  init(_ arguments: [String]) throws {
    var rest = arguments[...]
    while let name = rest.popFirst() {
      guard ["--device", "--only", "--rounds", "--save"].contains(name) else {
        throw UsageError(problem: "unknown argument \(name)")
      }
      guard let value = rest.popFirst() else { throw UsageError(problem: "\(name) takes a value") }
      switch name {
      case "--device": device = value
      case "--only": only = value
      case "--save": save = value
      default:
        guard let count = Int(value), count > 0 else {
          throw UsageError(problem: "--rounds takes a number above 0, not \(value)")
        }
        rounds = count
      }
    }
  }
}
