import Formats
import Geometry
import Tensors

/// What a solution may give for a field: numbers, truths and texts, lists and records of them.
protocol Answer {
  func json() throws -> JSON
}

extension Double: Answer { func json() -> JSON { .number(self) } }
extension Float: Answer { func json() -> JSON { .number(Double(self)) } }
extension Int: Answer { func json() -> JSON { .integer(self) } }
extension Bool: Answer { func json() -> JSON { .bool(self) } }
extension String: Answer { func json() -> JSON { .string(self) } }
extension JSON: Answer { func json() -> JSON { self } }
extension Shape: Answer { func json() throws -> JSON { try Array(self).json() } }

extension Array: Answer where Element: Answer {
  func json() throws -> JSON { .array(try map { try $0.json() }) }
}

extension Tensor: Answer {
  /// A list a level for each axis.
  func json() throws -> JSON {
    var values = try cast(to: .float64).scalars(as: Double.self).map(JSON.number)
    for extent in Array(shape).reversed() {
      values = stride(from: 0, to: values.count, by: Swift.max(1, extent)).map {
        .array(Array(values[$0..<($0 + extent)]))
      }
    }
    return values.first ?? .array([])
  }
}

/// Compares what was found with what is expected, to a tolerance.
struct Judge {
  let tolerance: Double

  /// Every difference, with the way to it: none of the fields may be missing, none may be more.
  func differences(_ found: JSON, _ expected: JSON, at place: String = "") -> [String] {
    let difference = ["\(place): \(found) for \(expected)"]
    switch (found, expected) {
    case (.object(let found), .object(let expected)):
      return Set(found.keys).union(expected.keys).sorted().flatMap { name in
        guard let a = found[name], let e = expected[name] else {
          return ["\(place).\(name): \(found[name] == nil ? "not answered" : "not asked for")"]
        }
        return differences(a, e, at: "\(place).\(name)")
      }
    case (.array(let found), .array(let expected)):
      guard found.count == expected.count else { return difference }
      return found.indices.flatMap {
        differences(found[$0], expected[$0], at: "\(place)[\($0)]")
      }
    default:
      guard let a = found.double else { return found == expected ? [] : difference }
      if expected == .string("inf") { return a == .infinity ? [] : difference }
      guard let e = expected.double else { return difference }
      return (tolerance == 0 ? a == e : abs(a - e) <= tolerance * max(1, abs(e))) ? [] : difference
    }
  }
}
