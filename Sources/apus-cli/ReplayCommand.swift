internal import Formats
internal import Geometry
internal import Glibc
internal import Replay
internal import Tensors

/// `apus replay`: golden cases on a device.
enum ReplayCommand: Verb {
  static let name = "replay"
  static let summary = "Computes every case in a folder and compares with what its file expects."
  static let positionals = ["DIR"]
  static let options = [Option.device, .only, .json]
  static let details = """
    Every *.safetensors directly in DIR is a case; Tests/Fixtures/golden/README.md describes the
    format. The error of a tensor is the largest |actual - expected| / (|expected| + scale), the
    scale its root mean square (at most 1 for pointwise operations). It is held against the limit of
    the operation's family, or eight times the error of the reference in float32 if that is more;
    moved elements and integers must be exact. The exit code is 1 if a case fails.
    """

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let folder = arguments.positionals[0]
    let names = try arguments.selected(try caseNames(in: folder)) { $0 }
    let device = try arguments.device()
    let isJSON = arguments.has("json")
    let table = Table([
      .text("", 4), .text("case", min(names.map(\.count).max() ?? 0, 48)), .text("tensor", 16),
      .number("error", 10), .number("tolerance", 10), .text("", 0),
    ])
    if !isJSON { try Output.text(table.header) }
    var failures = 0
    for name in names where Output.isRead {
      let result = replay(
        path: "\(folder)/\(name)\(ending)", name: name, on: device)
      if !result.passes { failures += 1 }
      if isJSON {
        try Output.json(members(result))
      } else {
        try Output.text(table.line(row(result)))
      }
    }
    let summary =
      "\(names.count - failures) of \(names.count) cases pass on \(device.name)"
    if !isJSON { try Output.text(summary) }
    if failures > 0 { Output.note("apus replay: \(failures) of \(names.count) cases failed") }
    return failures == 0 ? .done : .failed
  }

  private static let ending = ".safetensors"

  /// The cases directly in `folder`, sorted by name.
  private static func caseNames(in folder: String) throws(TensorError) -> [String] {
    let names = try namesInFolder(folder, in: "replay")
      .filter { $0.hasSuffix(ending) && !$0.hasPrefix(".") }
      .map { String($0.dropLast(ending.count)) }
    guard !names.isEmpty else {
      throw TensorError(.io, "replay", "there is no *\(ending) in \"\(folder)\"", code: ENOENT)
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func members(_ result: CaseResult) -> [(String, JSON)] {
    var members: [(String, JSON)] = [
      ("case", .string(result.name)), ("device", .string(result.device)),
      ("verdict", .string(result.passes ? "pass" : "fail")), ("tensor", .string(result.tensor)),
      ("error", .number(result.error)), ("tolerance", .number(result.tolerance)),
    ]
    if let reason = result.reason { members.append(("reason", .string(reason))) }
    return members
  }

  private static func row(_ result: CaseResult) -> [String] {
    let verdict = result.passes ? "pass" : "FAIL"
    if let reason = result.reason { return [verdict, result.name, "", "", "", reason] }
    return [
      verdict, result.name, result.tensor, "\(result.error.rounded(significant: 3))",
      "\(result.tolerance.rounded(significant: 3))", "",
    ]
  }
}
