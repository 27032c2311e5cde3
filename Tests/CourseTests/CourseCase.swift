import Formats
import Foundation
import Geometry
import Tensors

/// A question with an answer that can be checked.
struct CourseCase: Sendable {
  let id: String
  let inputs: JSON
  let expected: JSON
  /// Zero stands for equality.
  let tolerance: Double

  /// All of them by identifier.
  static let all: [String: CourseCase] = {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../Fixtures/course/cases.json")
    guard let bytes = try? Array(Data(contentsOf: file)),
      let cases = try? JSON(parsing: bytes, source: "cases.json", in: "course").array
    else { return [:] }
    var found: [String: CourseCase] = [:]
    for entry in cases {
      guard let id = entry.object?["id"]?.string, let inputs = entry.object?["inputs"],
        let expected = entry.object?["expected"], let tolerance = entry.object?["tolerance"]?.double
      else { continue }
      found[id] = CourseCase(id: id, inputs: inputs, expected: expected, tolerance: tolerance)
    }
    return found
  }()

  /// The input of that name.
  subscript(name: String) -> JSON { inputs[name] }

  /// An input as a float32 tensor on the current device.
  func tensor(_ name: String) throws -> Tensor { try inputs[name].tensor() }
  func number(_ name: String) throws -> Double { try inputs[name].number() }
  func count(_ name: String) throws -> Int { try inputs[name].count() }
}

/// An input that a case does not have, or not as it was asked for.
struct MissingInput: Error {
  let value: JSON
}

extension JSON {
  subscript(name: String) -> JSON { object?[name] ?? .null }
  subscript(index: Int) -> JSON { array.map { $0[index] } ?? .null }

  func number() throws -> Double {
    guard let double else { throw MissingInput(value: self) }
    return double
  }

  func count() throws -> Int {
    guard let integer else { throw MissingInput(value: self) }
    return integer
  }

  func list() throws -> [JSON] {
    guard let array else { throw MissingInput(value: self) }
    return array
  }

  func numbers() throws -> [Double] { try list().map { try $0.number() } }
  func counts() throws -> [Int] { try list().map { try $0.count() } }

  /// Nested lists of numbers as a tensor with an axis a level.
  func tensor() throws -> Tensor {
    var extents: [Int] = []
    var level = self
    while let array = level.array {
      extents.append(array.count)
      guard let first = array.first else { break }
      level = first
    }
    return try Tensor(leaves().map(Float.init), shape: Shape(extents))
  }

  private func leaves() throws -> [Double] {
    guard let array else { return [try number()] }
    return try array.flatMap { try $0.leaves() }
  }
}
