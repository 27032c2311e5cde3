internal import Backends
public import Geometry

/// The largest value in each window of `x`, images `[batch, rows, columns, channels]`.
///
/// Windows may overlap. Padding never wins. Of equal values the first in row-major order wins, and
/// it alone gets the gradient. A NaN wins over every number, and of several the last one (PyTorch's
/// rule).
///
///     let pooled = try maxPool2D(images, window: [2, 2])   // [8, 32, 32, 3] → [8, 16, 16, 3]
///
/// - Parameters:
///   - x: `[batch, rows, columns, channels]`.
///   - window: rows and columns of it.
///   - stride: the distance between windows along rows and columns; the window's size if nil.
///   - padding: what is added around the image; it never wins.
/// - Throws: `TensorError` if no window fits, or if one lies in padding altogether.
public func maxPool2D(
  _ x: Tensor, window: [Int], stride: [Int]? = nil, padding: Padding = .valid
) throws(TensorError) -> Tensor {
  let image = try Image(x, "maxPool2D")
  let (rows, columns) = try image.windows(window, stride ?? window, padding)
  return try image.maximum(rows, columns).values
}

/// The largest value in each window of `x`, sequences `[batch, time, features]`; see `maxPool2D`.
public func maxPool1D(
  _ x: Tensor, window: Int, stride: Int? = nil, padding: Padding = .valid
) throws(TensorError) -> Tensor {
  let image = try Image(sequence: x, "maxPool1D")
  let (rows, columns) = try image.windows([window], [stride ?? window], padding)
  return try image.maximum(rows, columns).values
}

/// `maxPool2D` and where each value was: its int32 index `row · columns + column` into the plane of
/// its image and channel. `unpool2D` takes both.
public func maxPoolWithIndices2D(
  _ x: Tensor, window: [Int], stride: [Int]? = nil, padding: Padding = .valid
) throws(TensorError) -> (values: Tensor, indices: Tensor) {
  let image = try Image(x, "maxPoolWithIndices2D")
  let (rows, columns) = try image.windows(window, stride ?? window, padding)
  return try image.maximum(rows, columns, countsInPlane: true)
}

/// Images of `outputSize`, rows and columns, with `values` put where `indices` say and zeros
/// elsewhere: what `maxPoolWithIndices2D` took away, put back.
///
/// - Parameters:
///   - values: `[batch, rows, columns, channels]`.
///   - indices: for each value its index `row · columns + column` into the plane of the result's
///     rows and columns, in its own image and channel. Of values with one index the last in
///     row-major order stays, and it alone gets the gradient.
///   - outputSize: rows and columns of the result.
/// - Throws: `TensorError`, of kind `index` when it is computed if an index lies outside.
public func unpool2D(
  _ values: Tensor, indices: Tensor, outputSize: [Int]
) throws(TensorError) -> Tensor {
  let operands = [values.info, indices.info]
  guard values.rank == 4, indices.shape == values.shape else {
    throw TensorError(
      .shape, "unpool2D",
      "takes images [batch, rows, columns, channels] and an index for each value",
      operands: operands)
  }
  try indices.requireIndices(of: values, "unpool2D")
  guard outputSize.count == 2, outputSize.allSatisfy({ $0 > 0 && $0 <= Int(Int32.max) }),
    outputSize[0] * outputSize[1] <= Int(Int32.max)
  else {
    throw TensorError(
      .argument, "unpool2D", "outputSize \(outputSize) is not a size", operands: operands)
  }
  let (batch, channels) = (values.shape[0], values.shape[3])
  let count = values.shape[1] * values.shape[2]
  let plane = outputSize[0] * outputSize[1]
  let shape = try values.validated([batch, plane, channels], "unpool2D")
  let operation = ScatterOperation(.last, .unpool2D, 1, isAlong: true, operands)
  return try values.reshaped(to: [batch, count, channels])
    .scattered(operation, into: shape, at: indices.reshaped(to: [batch, count, channels]))
    .reshaped(to: [batch, outputSize[0], outputSize[1], channels])
}

/// The largest value in each of `outputSize` cells, rows and columns, of images
/// `[batch, rows, columns, channels]`. Cell `i` of `m` covers rows `floor(i · rows / m)` up to, but
/// not including, `ceil((i + 1) · rows / m)`. For the rest see `maxPool2D`.
public func adaptiveMaxPool2D(_ x: Tensor, outputSize: [Int]) throws(TensorError) -> Tensor {
  let image = try Image(x, "adaptiveMaxPool2D")
  let (rows, columns) = try image.cells(outputSize)
  return try image.maximum(rows, columns).values
}

/// The mean of each window of `x`, images `[batch, rows, columns, channels]`. Padding is left out:
/// a window at the border is the mean of the pixels it sees.
///
/// - Parameters:
///   - x: `[batch, rows, columns, channels]`.
///   - window: rows and columns of it.
///   - stride: the distance between windows along rows and columns; the window's size if nil.
///   - padding: what is added around the image; it does not count in the means.
/// - Throws: `TensorError` if no window fits, or if one lies in padding altogether.
public func averagePool2D(
  _ x: Tensor, window: [Int], stride: [Int]? = nil, padding: Padding = .valid
) throws(TensorError) -> Tensor {
  let image = try Image(x, "averagePool2D")
  let (rows, columns) = try image.windows(window, stride ?? window, padding)
  return try image.resampled(rows, columns)
}

/// The mean of each window of `x`, sequences `[batch, time, features]`; see `averagePool2D`.
public func averagePool1D(
  _ x: Tensor, window: Int, stride: Int? = nil, padding: Padding = .valid
) throws(TensorError) -> Tensor {
  let image = try Image(sequence: x, "averagePool1D")
  let (rows, columns) = try image.windows([window], [stride ?? window], padding)
  return try image.resampled(rows, columns)
}

/// The mean of each of `outputSize` cells, rows and columns, of images
/// `[batch, rows, columns, channels]`; which cells these are says `adaptiveMaxPool2D`.
public func adaptiveAveragePool2D(_ x: Tensor, outputSize: [Int]) throws(TensorError) -> Tensor {
  let image = try Image(x, "adaptiveAveragePool2D")
  let (rows, columns) = try image.cells(outputSize)
  return try image.resampled(rows, columns)
}

/// The mean of each of `outputSize` cells of sequences `[batch, time, features]`.
public func adaptiveAveragePool1D(_ x: Tensor, outputSize: Int) throws(TensorError) -> Tensor {
  let image = try Image(sequence: x, "adaptiveAveragePool1D")
  let (rows, columns) = try image.cells([outputSize])
  return try image.resampled(rows, columns)
}

/// The mean over all axes between the first and the last: `[batch, rows, columns, channels]` to
/// `[batch, channels]`, or to `[batch, 1, 1, channels]`.
public func globalAveragePool(_ x: Tensor, keepingAxes: Bool = false) throws(TensorError) -> Tensor
{
  let axes = try spatialAxes(x, "globalAveragePool")
  guard x.scalarType.isFloatingPoint else { throw Tensor.unfit("globalAveragePool", [x]) }
  return try x.mean(axes: axes, keepingAxes: keepingAxes)
}

/// The largest value over all axes between the first and the last; equal ones share the gradient.
public func globalMaxPool(_ x: Tensor, keepingAxes: Bool = false) throws(TensorError) -> Tensor {
  let axes = try spatialAxes(x, "globalMaxPool")
  guard x.scalarType != .bool else { throw Tensor.unfit("globalMaxPool", [x]) }
  return try x.max(axes: axes, keepingAxes: keepingAxes)
}

private func spatialAxes(_ x: Tensor, _ name: String) throws(TensorError) -> [Int] {
  guard x.rank >= 3 else {
    throw TensorError(
      .shape, name, "takes [batch, spatial axes..., channels]", operands: [x.info])
  }
  let axes = Array(1..<(x.rank - 1))
  guard axes.allSatisfy({ x.shape[$0] > 0 }) else {
    throw TensorError(.shape, name, "there is no position to pool", operands: [x.info])
  }
  return axes
}

/// One of the four passes of `Pooling`. Values and winners of one tensor come from one kernel where
/// both are wanted: values alone are all that inference needs.
final class PoolingOperation: KernelOperation, @unchecked Sendable {
  enum Pass: Int { case values, winners, spread, pick }

  let pooling: Pooling
  let pass: Pass
  private static let code = Operation.newCode()

  init(_ pass: Pass, _ pooling: Pooling, _ name: String) {
    self.pooling = pooling
    self.pass = pass
    super.init(name, code: Self.code)
  }

  override var windows: (rows: Window, columns: Window)? {
    guard pass == .values || pass == .winners, let rows = pooling.rows.window,
      let columns = pooling.columns.window
    else { return nil }
    return (rows, columns)
  }

  override func describe(into key: inout Key) {
    key.append(pass.rawValue + (pooling.countsInPlane ? 4 : 0))
    key.append(pooling.rows)
    key.append(pooling.columns)
  }

  override var isDifferentiable: Bool { pass != .winners }

  override func plan(_ value: Int, in builder: inout PlanBuilder) throws(TensorError) {
    if builder.nodes[value].shape.count == 0 { return }
    let backend = builder.backend
    switch pass {
    case .spread, .pick:
      let kernel = try pass == .spread ? backend.spread(pooling) : backend.pick(pooling)
      let first = try builder.contiguous(builder.inputs[value][0])
      let winners = try builder.contiguous(builder.inputs[value][1])
      builder.add(kernel, reads: [first, winners], writes: [value])
    case .values, .winners:
      let partner = partner(of: value, in: builder)
      // Whichever comes first is planned for both.
      if let partner, partner < value { return }
      let isPair = partner != nil || pass == .winners
      var writes = [value]
      if let partner { writes.append(partner) }
      if pass == .winners {
        writes = [partner ?? builder.temporary(byteCount: builder.outputByteCount(pooling)), value]
      }
      let input = try builder.contiguous(builder.inputs[value][0])
      builder.add(
        try backend.maximum(pooling, findsWinners: isPair), reads: [input], writes: writes)
    }
  }

  /// The node whose winners belong to these values, or the other way round. Of several alike the
  /// first goes with the first.
  private func partner(of value: Int, in builder: PlanBuilder) -> Int? {
    let input = builder.inputs[value]
    func alike(_ pass: Pass) -> [Int] {
      builder.nodes.indices.filter { index in
        guard builder.nodes[index].memory == nil, builder.inputs[index] == input,
          let other = builder.nodes[index].operation as? PoolingOperation
        else { return false }
        return other.pass == pass && other.pooling == pooling
      }
    }
    let others = alike(pass == .values ? .winners : .values)
    guard let number = alike(pass).firstIndex(of: value), number < others.count else { return nil }
    return others[number]
  }

  override func gradient(_ context: GradientContext) throws(TensorError) {
    let upstream = context.upstream
    switch pass {
    case .values:
      let winners = try Self.winners(pooling, context.input(0), name)
      try context.give(0, Self.spread(pooling, upstream, winners, name))
    case .spread:
      if context.isWanted(0) {
        try context.give(0, Self.pick(pooling, upstream, context.input(1), name))
      }
    case .pick:
      if context.isWanted(0) {
        try context.give(0, Self.spread(pooling, upstream, context.input(1), name))
      }
    case .winners: break
    }
  }

  static func winners(_ pooling: Pooling, _ x: Tensor, _ name: String) throws(TensorError) -> Tensor
  {
    try Tensor(
      recording: Node(
        PoolingOperation(.winners, pooling, name), pooling.outputShape, pooling.winnerType,
        x.node.place, x.node))
  }

  private static func spread(
    _ pooling: Pooling, _ values: Tensor, _ winners: Tensor, _ name: String
  ) throws(TensorError) -> Tensor {
    try Tensor(
      recording: Node(
        PoolingOperation(.spread, pooling, name), pooling.inputShape, pooling.type,
        values.node.place, values.node, winners.node))
  }

  private static func pick(
    _ pooling: Pooling, _ x: Tensor, _ winners: Tensor, _ name: String
  ) throws(TensorError) -> Tensor {
    try Tensor(
      recording: Node(
        PoolingOperation(.pick, pooling, name), pooling.outputShape, pooling.type, x.node.place,
        x.node, winners.node))
  }
}

extension PlanBuilder {
  fileprivate func outputByteCount(_ pooling: Pooling) -> Int {
    pooling.outputShape.count * pooling.type.byteCount
  }
}

extension Key {
  mutating func append(_ span: Span) {
    switch span {
    case .window(let window):
      append([0, window.input, window.taps, window.stride, window.before, window.output])
    case .cells(let input, let output): append([1, input, output])
    case .nearest(let input, let output): append([2, input, output])
    case .linear(let input, let output, let alignsCorners):
      append([alignsCorners ? 4 : 3, input, output])
    }
  }

  mutating func append(_ window: Window) {
    append([
      window.input, window.taps, window.stride, window.dilation, window.before, window.output,
    ])
  }
}
