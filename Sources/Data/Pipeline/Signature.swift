public import Geometry

/// What the values of an example look like: nil stands for any extent.
///
///     ValuesSignature([nil, 28], .float32)                 // any number of rows of 28
public struct ValuesSignature: Sendable, Hashable, CustomStringConvertible {
  public let extents: [Int?]
  public let scalarType: ScalarType

  public init(_ extents: [Int?], _ scalarType: ScalarType = .float32) {
    self.extents = extents
    self.scalarType = scalarType
  }

  /// Whether values look like that.
  public func matches(_ values: Values) -> Bool {
    values.scalarType == scalarType && values.shape.rank == extents.count
      && zip(extents, values.shape).allSatisfy { $0 == nil || $0 == $1 }
  }

  /// `[?, 28] float32`
  public var description: String {
    "[\(extents.map { $0.map { "\($0)" } ?? "?" }.joined(separator: ", "))] \(scalarType)"
  }
}

extension Dataset where Element == Example {
  /// The same examples; one that does not look as declared is an error that names it.
  ///
  ///     let data = Dataset.generated(start).checked(
  ///       inputs: [ValuesSignature([nil, 3])], targets: [ValuesSignature([], .int32)])
  public func checked(
    inputs: [ValuesSignature], targets: [ValuesSignature] = []
  ) -> Dataset {
    map { example in
      try check(example.inputs, inputs, "input")
      try check(example.targets, targets, "target")
      return example
    }
  }
}

private func check(
  _ values: [Values], _ declared: [ValuesSignature], _ name: String
) throws(TensorError) {
  guard values.count == declared.count else {
    throw TensorError(
      .argument, "checked", "has \(values.count) \(name)s, \(declared.count) are declared")
  }
  for (number, value) in values.enumerated() where !declared[number].matches(value) {
    throw TensorError(
      value.scalarType == declared[number].scalarType ? .shape : .dtype, "checked",
      "\(name) \(number) is \(value), declared is \(declared[number])")
  }
}
