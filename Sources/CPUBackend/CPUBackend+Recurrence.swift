package import Backends
internal import CPUKernels
package import Geometry

extension CPUBackend: RecurrenceKernels {
  package func recurrence(_ recurrence: Recurrence) throws(TensorError) -> any Kernel {
    RecurrenceKernel(recurrence, "\(recurrence.label)") { call, shape in
      Self.run(recurrence, call, &shape)
    }
  }

  package func recurrenceGradient(_ recurrence: Recurrence, hasCells: Bool) throws(TensorError)
    -> any Kernel
  {
    RecurrenceKernel(recurrence, "gradient of \(recurrence.label)") { call, shape in
      Self.runGradient(recurrence, hasCells: hasCells, call, &shape)
    }
  }

  private static func run(
    _ recurrence: Recurrence, _ call: Call, _ shape: inout recurrence_shape
  ) {
    var arguments = Arguments(call, recurrence.type)
    var run = recurrence_call()
    run.projected = arguments.next()
    run.kernel = arguments.next()
    if recurrence.hasBias { run.bias = arguments.next() }
    if recurrence.hasState { run.state = arguments.next() }
    if recurrence.hasState, recurrence.kind == .lstm { run.cell = arguments.next() }
    if recurrence.hasMask { run.mask = arguments.nextMask() }
    run.states = arguments.peek()
    if recurrence.kind == .lstm { run.cells = arguments.peek(recurrence.sequence.count) }
    if recurrence.keepsGates { run.gates = arguments.peek(recurrence.gatesStart) }
    run.workspace = call.workspace?.address
    recurrence_run(&shape, &run)
  }

  private static func runGradient(
    _ recurrence: Recurrence, hasCells: Bool, _ call: Call, _ shape: inout recurrence_shape
  ) {
    var arguments = Arguments(call, recurrence.type)
    var run = recurrence_gradient_call()
    run.kernel = arguments.next()
    if recurrence.hasState { run.state = arguments.next() }
    if recurrence.hasState, recurrence.kind == .lstm { run.cell = arguments.next() }
    if recurrence.hasMask { run.mask = arguments.nextMask() }
    run.states = UnsafeRawPointer(arguments.peek())
    if recurrence.kind == .lstm {
      run.cells = UnsafeRawPointer(arguments.peek(recurrence.sequence.count))
    }
    if recurrence.keepsGates {
      run.gates = UnsafeRawPointer(arguments.peek(recurrence.gatesStart))
    }
    _ = arguments.next()
    run.states_upstream = arguments.next()
    if hasCells { run.cells_upstream = arguments.next() }
    var parts = recurrence.gradientParts.map(\.start)[...]
    run.projected = parts.popFirst().map { arguments.peek($0) }
    if recurrence.kind == .gru { run.product = parts.popFirst().map { arguments.peek($0) } }
    run.state_gradient = parts.popFirst().map { arguments.peek($0) }
    run.cell_gradient = parts.popFirst().map { arguments.peek($0) }
    run.workspace = call.workspace?.address
    recurrence_gradient_run(&shape, &run)
  }
}

/// The bindings of a call, one after the other.
private struct Arguments {
  private let call: Call
  private let size: Int
  private var index = 0

  init(_ call: Call, _ type: ScalarType) {
    self.call = call
    size = type.byteCount
  }

  mutating func next() -> UnsafeRawPointer {
    defer { index += 1 }
    return UnsafeRawPointer(call.address(index))
  }

  mutating func nextMask() -> UnsafePointer<UInt8> { next().assumingMemoryBound(to: UInt8.self) }

  /// The next one from that element on.
  func peek(_ element: Int = 0) -> UnsafeMutableRawPointer { call.address(index) + element * size }
}

private final class RecurrenceKernel: Kernel {
  let label: String
  let workspaceByteCount: Int
  private var shape: recurrence_shape
  private let body: (Call, inout recurrence_shape) -> Void

  init(
    _ recurrence: Recurrence, _ label: String,
    _ body: @escaping (Call, inout recurrence_shape) -> Void
  ) {
    self.label = label
    self.body = body
    shape = recurrence_shape(
      kind: recurrence.kind.recurrenceKind, activation: recurrence.activation.recurrenceActivation,
      recurrent_activation: recurrence.recurrentActivation.recurrenceActivation,
      is_double: recurrence.type == .float64, is_reversed: recurrence.isReversed,
      batch: Int64(recurrence.batch), steps: Int64(recurrence.steps),
      units: Int64(recurrence.units))
    workspaceByteCount = Int(recurrence_workspace(&shape))
  }

  func run(_ call: Call) throws(TensorError) { body(call, &shape) }
}

extension Recurrence.Kind {
  fileprivate var recurrenceKind: recurrence_kind {
    switch self {
    case .simple: recurrence_simple
    case .lstm: recurrence_lstm
    case .gru: recurrence_gru
    }
  }
}

extension RecurrentActivation {
  fileprivate var recurrenceActivation: recurrence_activation {
    switch self {
    case .tanh: recurrence_tanh
    case .sigmoid: recurrence_sigmoid
    case .relu: recurrence_relu
    case .linear: recurrence_identity
    case .hardSigmoid: recurrence_hard_sigmoid
    }
  }
}
