/// Which indices an operation takes, and what it says when data holds another one.
///
/// Indices are data: kernels are the first to see them. A kernel touches no memory for an index
/// that is out of range, and has this error thrown.
package struct IndexRange: Hashable, Sendable {
  /// The function that was called, as the caller spells it.
  package let operation: String
  package let lowest: Int, highest: Int
  /// What the indices are called: `index`, `label`.
  package let noun: String
  package let operands: [TensorInfo]

  package init(
    _ operation: String, _ lowest: Int, through highest: Int, noun: String = "index",
    operands: [TensorInfo] = []
  ) {
    self.operation = operation
    self.lowest = lowest
    self.highest = highest
    self.noun = noun
    self.operands = operands
  }

  /// The error, with the first index that is wrong and where it stands, if that is known.
  package func error(value: Int? = nil, position: Int? = nil) -> TensorError {
    let valid = lowest > highest ? "none is valid" : "\(lowest) to \(highest) are valid"
    var what = "some \(noun)"
    if let value { what = "\(noun) \(value)" }
    if let position { what += " at element \(position)" }
    return TensorError(.index, operation, "\(what) is out of range, \(valid)", operands: operands)
  }
}
