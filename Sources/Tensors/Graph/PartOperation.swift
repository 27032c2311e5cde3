internal import Backends
internal import Geometry

/// One of the several results of its only input, which holds them all, one behind the other: each
/// is there whichever of them was asked for. Its gradient arrives at the input by number.
final class PartOperation: ViewOperation, @unchecked Sendable {
  private let number: Int
  /// In elements.
  private let start: Int
  private static let code = Operation.newCode()

  private init(_ number: Int, start: Int) {
    self.number = number
    self.start = start
    super.init("part", code: Self.code)
  }

  /// - Parameter start: where it begins in the whole; if not given, all parts are alike.
  static func part(
    _ number: Int, of whole: Tensor, _ shape: Shape, start: Int? = nil
  ) throws(TensorError) -> Tensor {
    let operation = PartOperation(number, start: start ?? number * shape.count)
    return try Tensor(
      recording: Node(operation, shape, whole.scalarType, whole.node.place, whole.node))
  }

  override var resultNumber: Int? { number }

  override func describe(into key: inout Key) {
    key.append(number)
    key.append(start)
  }

  override func view(of layout: Layout, as shape: Shape) -> Layout? {
    guard layout.isContiguous else { return nil }
    var part = Layout(contiguous: shape)
    part.offset = layout.offset + start
    return part
  }
}
