internal import Backends
internal import Geometry

/// Mean and variance of its input, as two parts of one result.
final class MomentsOperation: KernelOperation, @unchecked Sendable {
  private let normalization: Normalization
  private static let code = Operation.newCode()

  private init(_ normalization: Normalization) {
    self.normalization = normalization
    super.init("moments", code: Self.code)
  }

  static func record(
    _ x: Tensor, _ normalization: Normalization
  ) throws(TensorError) -> (mean: Tensor, variance: Tensor) {
    let both = try Tensor(
      recording: Node(
        MomentsOperation(normalization), normalization.packedShape, x.scalarType, x.node.place,
        x.node))
    return try (
      PartOperation.part(0, of: both, normalization.kept),
      PartOperation.part(1, of: both, normalization.kept)
    )
  }

  override func describe(into key: inout Key) { key.append(Array(normalization.kept)) }

  override func plan(_ value: Int, in builder: inout PlanBuilder) throws(TensorError) {
    if normalization.resultCount == 0 { return }
    let input = try builder.contiguous(builder.inputs[value][0])
    builder.add(try builder.backend.moments(normalization), reads: [input], writes: [value])
  }

  // ∂mean/∂x = 1/n, ∂variance/∂x = 2/n · (x - mean): that the mean moves too changes nothing, for
  // distances from it add up to zero.
  override func gradient(_ context: GradientContext) throws(TensorError) {
    let x = context.input(0)
    let share = 1 / Double(normalization.count)
    if let g = context.upstream(ofResult: 0) {
      try context.give(0, (g * share).broadcast(to: x.shape))
    }
    if let g = context.upstream(ofResult: 1) {
      let mean = try PartOperation.part(0, of: context.output, normalization.kept)
      try context.give(0, (x - mean) * (g * (2 * share)))
    }
  }
}

/// `Σ g` and `Σ g · (x - mean)` over what the mean was taken of, as two parts of one result.
final class DistanceSumsOperation: KernelOperation, @unchecked Sendable {
  private let normalization: Normalization
  private static let code = Operation.newCode()

  private init(_ normalization: Normalization) {
    self.normalization = normalization
    super.init("distanceSums", code: Self.code)
  }

  static func record(
    _ g: Tensor, _ x: Tensor, mean: Tensor, _ normalization: Normalization
  ) throws(TensorError) -> (sum: Tensor, products: Tensor) {
    let both = try Tensor(
      recording: Node(
        DistanceSumsOperation(normalization), normalization.packedShape, x.scalarType,
        x.node.place, g.node, x.node, mean.node))
    return try (
      PartOperation.part(0, of: both, normalization.kept),
      PartOperation.part(1, of: both, normalization.kept)
    )
  }

  override func describe(into key: inout Key) { key.append(Array(normalization.kept)) }

  override func plan(_ value: Int, in builder: inout PlanBuilder) throws(TensorError) {
    if normalization.resultCount == 0 { return }
    var reads: [(value: Int, byteOffset: Int)] = []
    for input in builder.inputs[value] { reads.append(try builder.contiguous(input)) }
    builder.add(try builder.backend.distanceSums(normalization), reads: reads, writes: [value])
  }

  override func gradient(_ context: GradientContext) throws(TensorError) {
    let g = context.input(0)
    let x = context.input(1)
    let mean = context.input(2)
    let ofSum = context.upstream(ofResult: 0)
    let ofProducts = context.upstream(ofResult: 1)
    if context.isWanted(0) {
      if let ofSum { try context.give(0, ofSum.broadcast(to: g.shape)) }
      if let ofProducts { try context.give(0, ofProducts * (x - mean)) }
    }
    guard let ofProducts else { return }
    if context.isWanted(1) { try context.give(1, ofProducts * g) }
    if context.isWanted(2) {
      let sum = try PartOperation.part(0, of: context.output, normalization.kept)
      try context.give(2, -(ofProducts * sum))
    }
  }
}

extension Normalization {
  /// Of two results in one tensor.
  fileprivate var packedShape: Shape { [2, resultCount] }
}
