internal import Backends
public import Geometry

/// `tensors` one after the other along an axis; their other axes are the same.
public func concatenate(_ tensors: [Tensor], axis: Int = 0) throws(TensorError) -> Tensor {
  guard let first = tensors.first else {
    throw TensorError(.argument, "concatenate", "of no tensors")
  }
  for tensor in tensors where tensor.rank != first.rank {
    throw TensorError(
      .shape, "concatenate", "numbers of axes differ", operands: tensors.map(\.info))
  }
  let axis = try first.shape.axis(axis, in: "concatenate")
  var total = 0
  for tensor in tensors {
    try Tensor.compatible(first.node, tensor.node, "concatenate", first, tensor)
    guard tensor.shape.replacing(axis, with: 0) == first.shape.replacing(axis, with: 0) else {
      throw TensorError(
        .shape, "concatenate", "shapes differ in more than axis \(axis)",
        operands: tensors.map(\.info))
    }
    total += tensor.shape[axis]
  }
  if tensors.count == 1 { return first }
  let shape = try first.shape.replacing(axis, with: total).validated(in: "concatenate")
  var parts: [(Tensor, Layout)] = []
  var start = 0
  for tensor in tensors {
    var begin = [Int](repeating: 0, count: shape.rank)
    begin[axis] = start
    let step = [Int](repeating: 1, count: shape.rank)
    let place = Layout(contiguous: shape).sliced(start: begin, step: step, result: tensor.shape)
    if tensor.count > 0 { parts.append((tensor, place)) }
    start += tensor.shape[axis]
  }
  return try Tensor.assembled(shape, parts, fill: nil, "concatenate", like: first)
}

/// `tensors` of one shape along a new axis, which is axis `axis` of the result.
public func stack(_ tensors: [Tensor], axis: Int = 0) throws(TensorError) -> Tensor {
  guard let first = tensors.first else { throw TensorError(.argument, "stack", "of no tensors") }
  var expanded: [Tensor] = []
  for tensor in tensors {
    guard tensor.shape == first.shape else {
      throw TensorError(.shape, "stack", "shapes differ", operands: tensors.map(\.info))
    }
    try Tensor.compatible(first.node, tensor.node, "stack", first, tensor)
    guard axis >= -first.rank - 1, axis <= first.rank else {
      throw TensorError(.argument, "stack", "axis \(axis) does not exist", operands: [first.info])
    }
    expanded.append(try tensor.expanded(at: axis))
  }
  return try concatenate(expanded, axis: axis < 0 ? axis + first.rank + 1 : axis)
}

/// What stands where padding was added.
public enum PaddingMode: Sendable, Equatable {
  case constant(Double = 0)
  /// The tensor mirrored at its border, which is not repeated.
  case reflect
}

extension Tensor {
  /// This tensor with elements added before and after each axis.
  public func padded(
    _ paddings: [(Int, Int)], mode: PaddingMode = .constant(0)
  ) throws(TensorError) -> Tensor {
    func fail(_ detail: String) -> TensorError {
      TensorError(.argument, "padded", detail, operands: [info])
    }
    guard paddings.count == rank else {
      throw fail("needs a pair for each axis, not \(paddings.count)")
    }
    var target = shape
    for (axis, (before, after)) in paddings.enumerated() {
      guard before >= 0, after >= 0 else {
        throw fail("paddings are not negative: (\(before), \(after)) for axis \(axis)")
      }
      let (sum, overflow) = before.addingReportingOverflow(after)
      let (total, overflows) = sum.addingReportingOverflow(shape[axis])
      guard !overflow, !overflows else { throw fail("paddings of axis \(axis) overflow") }
      target[axis] = total
    }
    target = try validated(target, "padded")
    switch mode {
    case .constant(let value):
      if target == shape { return self }
      let step = [Int](repeating: 1, count: rank)
      let place = Layout(contiguous: target)
        .sliced(start: paddings.map(\.0), step: step, result: shape)
      return try Tensor.assembled(
        target, count > 0 ? [(self, place)] : [], fill: value, "padded", like: self)
    case .reflect:
      var result = self
      for (axis, (before, after)) in paddings.enumerated() where before + after > 0 {
        guard Swift.max(before, after) < shape[axis] else {
          throw fail("(\(before), \(after)) reflects more than axis \(axis) of \(shape[axis]) has")
        }
        let extent = shape[axis]
        let head = try result.slice(axis: axis, 1..<(before + 1)).flipped(axes: [axis])
        let tail = try result.slice(axis: axis, (extent - 1 - after)..<(extent - 1))
          .flipped(axes: [axis])
        result = try concatenate([head, result, tail], axis: axis)
      }
      return result
    }
  }

  /// The whole tensor repeated along each axis.
  public func tiled(_ repeats: [Int]) throws(TensorError) -> Tensor {
    guard repeats.count == rank, repeats.allSatisfy({ $0 >= 0 }) else {
      throw TensorError(
        .argument, "tiled", "\(repeats) is not a count for each axis", operands: [info])
    }
    return try repeated(repeats, tilewise: true, "tiled")
  }

  /// Each element repeated along an axis: `[a, b]` twice is `[a, a, b, b]`.
  public func repeated(_ count: Int, axis: Int) throws(TensorError) -> Tensor {
    let axis = try shape.axis(axis, in: "repeated")
    guard count >= 0 else {
      throw TensorError(.argument, "repeated", "\(count) times", operands: [info])
    }
    var repeats = [Int](repeating: 1, count: rank)
    repeats[axis] = count
    return try repeated(repeats, tilewise: false, "repeated")
  }

  private func repeated(
    _ repeats: [Int], tilewise: Bool, _ name: String
  ) throws(TensorError) -> Tensor {
    var target = shape
    for axis in 0..<rank {
      let (extent, overflow) = shape[axis].multipliedReportingOverflow(by: repeats[axis])
      guard !overflow else {
        throw TensorError(.shape, name, "repeats \(repeats) overflow", operands: [info])
      }
      target[axis] = extent
    }
    target = try validated(target, name)
    // One axis at a time, so that eight axes are enough.
    var result = self
    for axis in 0..<rank where repeats[axis] != 1 {
      let outer = result.shape[..<axis].reduce(1, *)
      let inner = result.shape[(axis + 1)...].reduce(1, *)
      let flat = try result.reshaped(to: [outer, result.shape[axis], inner])
      let wide = flat.shape.inserting(repeats[axis], at: tilewise ? 1 : 2)
      let view = try flat.expanded(at: tilewise ? 1 : 2).broadcast(to: wide)
      result = try view.reshaped(
        to: result.shape.replacing(axis, with: result.shape[axis] * repeats[axis]))
    }
    return result
  }

  /// The elements moved along each of `axes` by its shift; those that leave come in at the other
  /// end.
  public func rolled(_ shifts: [Int], axes: [Int]) throws(TensorError) -> Tensor {
    guard shifts.count == axes.count else {
      throw TensorError(
        .argument, "rolled", "\(shifts.count) shifts for \(axes.count) axes", operands: [info])
    }
    _ = try shape.axes(axes, in: "rolled")
    var result = self
    for (shift, axis) in zip(shifts, axes) {
      let axis = try shape.axis(axis, in: "rolled")
      let extent = shape[axis]
      if extent == 0 { continue }
      let start = ((-(shift % extent)) + extent) % extent
      if start == 0 { continue }
      result = try concatenate(
        [result.slice(axis: axis, start..<extent), result.slice(axis: axis, 0..<start)], axis: axis)
    }
    return result
  }

  /// A tensor put together from `parts`, each stored through a layout; `fill` stands elsewhere.
  static func assembled(
    _ shape: Shape, _ parts: [(Tensor, Layout)], fill: Double?, _ name: String,
    like model: Tensor? = nil
  ) throws(TensorError) -> Tensor {
    let type = (model ?? parts[0].0).scalarType
    let place = (model ?? parts[0].0).node.place
    if parts.isEmpty { return constant(fill ?? 0, shape, type, place) }
    let operation = AssemblyOperation(parts.map(\.1), fill, name)
    var inputs: ContiguousArray<Node> = []
    for part in parts { inputs.append(part.0.node) }
    return try Tensor(recording: Node(operation, shape, type, place, inputs: inputs))
  }
}

/// Parts stored into one result.
final class AssemblyOperation: KernelOperation, @unchecked Sendable {
  private let places: [Layout]
  private let fill: Double?
  private static let code = Operation.newCode()

  init(_ places: [Layout], _ fill: Double?, _ name: String) {
    self.places = places
    self.fill = fill
    super.init(name, code: Self.code)
  }

  override func describe(into key: inout Key) {
    for place in places { key.append(place) }
    key.append(fill?.bitPattern ?? .max)
  }

  override func plan(_ value: Int, in builder: inout PlanBuilder) throws(TensorError) {
    let node = builder.nodes[value]
    if node.shape.count == 0 { return }
    var parts: [Assembly.Part] = []
    var reads: [(value: Int, byteOffset: Int)] = []
    for (input, place) in zip(builder.inputs[value], places) {
      var source = builder.source(of: input)
      if builder.isConstant(source.value) {
        let copy = try builder.contiguous(input)
        source = PlanBuilder.Source(value: copy.value, layout: Layout(contiguous: place.shape))
      }
      parts.append(Assembly.Part(source: source.layout, destination: place))
      reads.append((source.value, 0))
    }
    let assembly = Assembly(
      type: node.scalarType, shape: node.shape, parts: parts,
      fill: fill.map { Word.memoryBits(of: $0, as: node.scalarType) })
    builder.add(try builder.backend.assembly(assembly), reads: reads, writes: [value])
  }

  /// Each part reads its gradient where it was stored.
  override func gradient(_ context: GradientContext) throws(TensorError) {
    for (number, place) in places.enumerated() where context.isWanted(number) {
      let operation = ReadBackOperation(place)
      try context.give(number, context.upstream.viewed(operation, place.shape))
    }
  }
}

/// What a layout reads of a row-major tensor.
final class ReadBackOperation: ViewOperation, @unchecked Sendable {
  private let place: Layout
  private static let code = Operation.newCode()

  init(_ place: Layout) {
    self.place = place
    super.init("part", code: Self.code)
  }

  override func describe(into key: inout Key) { key.append(place) }

  override func view(of layout: Layout, as shape: Shape) -> Layout? {
    guard layout.isContiguous else { return nil }
    var read = place
    read.offset += layout.offset
    return read
  }

  override func gradient(_ context: GradientContext) throws(TensorError) {
    let whole = context.input(0).shape
    try context.give(0, Tensor.assembled(whole, [(context.upstream, place)], fill: 0, name))
  }
}
