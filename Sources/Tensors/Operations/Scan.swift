internal import Backends
public import Geometry

extension Tensor {
  /// The sum of each element and those before it along `axis`.
  ///
  /// - Parameters:
  ///   - axis: the one that is summed along; negative ones count from the end.
  ///   - exclusive: each element leaves itself out; the first sum is 0.
  ///   - reverse: counts from the end.
  public func cumsum(
    axis: Int, exclusive: Bool = false, reverse: Bool = false
  ) throws(TensorError) -> Tensor {
    try scanned(.sum, axis, exclusive, reverse, "cumsum")
  }

  /// The product of each element and those before it along `axis`. Its gradients of any order are
  /// right where elements are 0 too: nothing is divided.
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

  /// The product of what comes before an element, times the sum over the products it is part of
  /// of the rest: `R[k] = g[k] + x[k+1] · R[k+1]`, without the first term where elements leave
  /// themselves out.
  private func productGradient(_ g: Tensor, _ x: Tensor) throws(TensorError) -> Tensor {
    let type = x.scalarType
    let wide = try x.cast(to: type.computeType)
    let upstream = try g.cast(to: type.computeType)
    let before = try wide.cumprod(axis: axis, exclusive: true, reverse: scan.isReversed)
    func behind(_ terms: Tensor) throws(TensorError) -> Tensor {
      try LinearRecurrenceOperation.record(wide, terms, axis, reversed: !scan.isReversed)
    }
    let rest = try scan.isExclusive ? behind(upstream) : upstream + behind(wide * upstream)
    return try (before * rest).cast(to: type)
  }
}

/// `y[0] = 0, y[i] = terms[i-1] + factors[i-1] · y[i-1]` along an axis. Its gradient is one in the
/// other direction.
final class LinearRecurrenceOperation: KernelOperation, @unchecked Sendable {
  private let recurrence: LinearRecurrence
  private let axis: Int
  private static let code = Operation.newCode()

  private init(_ recurrence: LinearRecurrence, _ axis: Int) {
    self.recurrence = recurrence
    self.axis = axis
    super.init("cumprod", code: Self.code)
  }

  static func record(
    _ factors: Tensor, _ terms: Tensor, _ axis: Int, reversed: Bool
  ) throws(TensorError) -> Tensor {
    let recurrence = LinearRecurrence(
      factors.scalarType, of: factors.shape, axis: axis, reversed: reversed)
    return try Tensor(
      recording: Node(
        LinearRecurrenceOperation(recurrence, axis), factors.shape, factors.scalarType,
        factors.node.place, factors.node, terms.node))
  }

  override func describe(into key: inout Key) {
    key.append(2 * axis + (recurrence.isReversed ? 1 : 0))
  }

  override func plan(_ value: Int, in builder: inout PlanBuilder) throws(TensorError) {
    if builder.nodes[value].shape.count == 0 { return }
    let factors = try builder.contiguous(builder.inputs[value][0])
    let terms = try builder.contiguous(builder.inputs[value][1])
    builder.add(
      try builder.backend.linearRecurrence(recurrence), reads: [factors, terms], writes: [value])
  }

  override func gradient(_ context: GradientContext) throws(TensorError) {
    let back = try Self.record(
      context.input(0), context.upstream, axis, reversed: !recurrence.isReversed)
    if context.isWanted(0) { try context.give(0, context.output * back) }
    if context.isWanted(1) { try context.give(1, back) }
  }
}
