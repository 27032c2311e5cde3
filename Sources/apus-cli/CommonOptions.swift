internal import Geometry
internal import Tensors

extension Option {
  static let json = flag("json", "one JSON object a line instead of a table")
  static let device = value(
    "device", "D", "cpu, opencl, opencl:N or auto; else APUS_DEVICE, else auto")
  static let only = value("only", "REGEX", "only names in which the expression is found")
}

extension Arguments {
  /// The device that `--device` names, else the one that the environment or the machine gives.
  func device() throws -> Device {
    guard let name = value("device") else { return try Device.current }
    return try Device.named(name)
  }

  /// The names in which `--only` is found.
  ///
  /// - Throws: `UsageError` for a wrong expression or if no name is left.
  func selected<Item>(_ items: [Item], name: (Item) -> String) throws -> [Item] {
    guard let pattern = value("only") else { return items }
    let expression: Regex<AnyRegexOutput>
    do {
      expression = try Regex(pattern)
    } catch {
      throw UsageError("--only: \"\(pattern)\" is not a regular expression: \(error)")
    }
    let found = items.filter { name($0).contains(expression) }
    guard !found.isEmpty else { throw UsageError("--only: \"\(pattern)\" matches no name") }
    return found
  }
}
