internal import Backends
public import Geometry

extension Tensor {
  /// The sum of each element and those before it along `axis`.
  ///
  /// - Parameters:
  ///   - exclusive: each element leaves itself out; the first sum is 0.
  ///   - reverse: counts from the end.
  public func cumsum(
    axis: Int, exclusive: Bool = false, reverse: Bool = false
  ) throws(TensorError) -> Tensor {
    try scanned(.sum, axis, exclusive, reverse, "cumsum")
  }

  /// The product of each element and those before it along `axis`.
  ///
  /// Its gradient is right where elements are 0, the gradient of that only where none is.
  public func cumprod(
    axis: Int, exclusive: Bool = false, reverse: Bool = false
  ) throws(TensorError) -> Tensor {
    try scanned(.product, axis, exclusive, reverse, "cumprod")
  }

  private func scanned(
    _ kind: Scan.Kind, _ axis: Int, _ exclusive: Bool, _ reverse: Bool, _ name: StaticString
  ) throws(TensorError) -> Tensor {
    let axis = try shape.axis(axis, in: "\(name)")
    guard scalarType != .bool else { throw Tensor.unfit(name, [self]) }
    let scan = Scan(
      kind, scalarType, of: shape, axis: axis, exclusive: exclusive, reversed: reverse)
    let operation = ScanOperation(scan, axis, "\(name)")
    return try Tensor(recording: Node(operation, shape, scalarType, node.place, node))
  }
}

/// A running sum or product.
final class ScanOperation: KernelOperation, @unchecked Sendable {
  private let scan: Scan
  private let axis: Int
  private static let code = Operation.newCode()

  init(_ scan: Scan, _ axis: Int, _ name: String) {
    self.scan = scan
    self.axis = axis
    super.init(name, code: Self.code)
  }

  override func describe(into key: inout Key) {
    key.append(axis)
    key.append((scan.kind == .sum ? 0 : 1) + (scan.isExclusive ? 2 : 0) + (scan.isReversed ? 4 : 0))
  }

  override func plan(_ value: Int, in builder: inout PlanBuilder) throws(TensorError) {
    if builder.nodes[value].shape.count == 0 { return }
    let input = try builder.contiguous(builder.inputs[value][0])
    builder.add(try builder.backend.scan(scan), reads: [input], writes: [value])
  }

  override func gradient(_ context: GradientContext) throws(TensorError) {
    let g = context.upstream
    let x = context.input(0)
    switch scan.kind {
    case .sum: try context.give(0, backward(g))
    case .product: try context.give(0, productGradient(g, x))
    }
  }

  /// The sum over everything an element contributed to.
  private func backward(_ g: Tensor) throws(TensorError) -> Tensor {
    try g.cumsum(axis: axis, exclusive: scan.isExclusive, reverse: !scan.isReversed)
  }

  /// Before the first zero along the axis the gradient is `Σ g · y / x`; at it, the same with the
  /// zero taken as 1; behind it, nothing changes the product.
  private func productGradient(_ g: Tensor, _ x: Tensor) throws(TensorError) -> Tensor {
    let one = x.scalar(1)
    let zero = x.scalar(0)
    let zeros = try equal(x, zero).cast(to: .float32)
    let seen = try zeros.cumsum(axis: axis, reverse: scan.isReversed)
    let isBefore = try equal(seen, seen.scalar(0))
    let isFirst = try logicalAnd(equal(x, zero), equal(seen, seen.scalar(1)))
    let filled = try select(isFirst, one, x)
    let products = try select(isBefore, filled, select(isFirst, one, zero))
    func cumulated(_ t: Tensor) throws(TensorError) -> Tensor {
      try t.cumprod(axis: axis, exclusive: scan.isExclusive, reverse: scan.isReversed)
    }
    let safe = try select(equal(x, zero), one, x)
    let plain = try backward(g * cumulated(x)) / safe
    let atZero = try backward(g * cumulated(filled))
    return try select(isBefore, plain, select(isFirst, atZero, zero * products))
  }
}
