internal import Geometry
internal import Models
internal import Tensors

extension Option {
  static let json = flag("json", "one JSON object a line instead of a table")
  static let device = value(
    "device", "D", "cpu, opencl, opencl:N or auto; else APUS_DEVICE, else auto")
  static func model(isRequired: Bool) -> Option {
    value(
      "model", "NAME", isRequired: isRequired,
      Architecture.all.map(\.name).joined(separator: ", "))
  }
  static let data = value(
    "data", "NAME|PATH", "a set by name, a folder, a .csv file, a file of text: see below")
  static let only = value("only", "REGEX", "only names in which the expression is found")
}

extension Arguments {
  /// The device that `--device` names, else the one that the environment or the machine gives.
  func device() throws -> Device {
    let device = try value("device").map { try Device.named($0) } ?? Device.current
    // What the environment says wrongly of a device is told here, not by what is done with it first.
    try device.synchronize()
    return device
  }

  /// The shape that an option gives as `224x224x3`.
  func shape(_ name: String) throws(UsageError) -> Shape? {
    guard let text = value(name) else { return nil }
    let extents = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    guard extents.allSatisfy({ (1...Int(Int32.max)).contains($0) }),
      extents.count < Shape.maximumRank
    else { throw UsageError("--\(name): \"\(text)\" is not a shape such as 224x224x3") }
    return Shape(extents)
  }

  /// The whole number that an option gives.
  func integer(_ name: String, in range: ClosedRange<Int>) throws(UsageError) -> Int? {
    guard let text = value(name) else { return nil }
    guard let number = Int(text), range.contains(number) else {
      let limits =
        range.upperBound == .max
        ? "of at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
      throw UsageError("--\(name): \"\(text)\" is not a whole number \(limits)")
    }
    return number
  }

  /// The number that an option gives.
  func number(_ name: String, in range: ClosedRange<Double>) throws(UsageError) -> Double? {
    guard let text = value(name) else { return nil }
    guard let number = Double(text), range.contains(number) else {
      throw UsageError(
        "--\(name): \"\(text)\" is not a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
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
