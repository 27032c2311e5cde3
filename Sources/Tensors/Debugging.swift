internal import Backends
public import Geometry
internal import Glibc
internal import Synchronization

/// Checks that cost much and find much.
enum Debugging {
  @TaskLocal private static var scoped = false
  /// How many scopes have them on anywhere. To look for a task's own takes longer than to make a node.
  private static let scopeCount = Atomic<Int>(0)

  static var isOn: Bool { scopeCount.load(ordering: .relaxed) > 0 && scoped }

  static func with<Value>(_ isOn: Bool, _ body: () throws -> Value) rethrows -> Value {
    if isOn { scopeCount.add(1, ordering: .relaxed) }
    defer { if isOn { scopeCount.subtract(1, ordering: .relaxed) } }
    return try $scoped.withValue(isOn, operation: body)
  }

  /// Computes a freshly recorded operation in memory of its own and looks for what should not be
  /// there.
  static func check(_ node: Node) throws(TensorError) {
    if node.isConstant || node.operation is ViewOperation { return }
    var nodes: ContiguousArray<Node> = [node]
    try withoutChecks { () throws(TensorError) in
      try node.place.engine.evaluate(&nodes, on: node.place)
      guard node.scalarType.isFloatingPoint, node.shape.count > 0 else { return }
      let tensor = Tensor(node)
      let values = try tensor.scalars(as: Double.self)
      guard let index = values.firstIndex(where: { !$0.isFinite }) else { return }
      for number in 0..<node.inputCount {
        let input = Tensor(node.input(number))
        guard input.scalarType.isFloatingPoint else { continue }
        // What was passed on was not made here.
        if try input.scalars(as: Double.self).contains(where: { !$0.isFinite }) { return }
      }
      throw TensorError(
        .numeric, node.operation.name,
        "made \(values[index]) at element \(index) of finite operands",
        operands: (0..<node.inputCount).map { Tensor(node.input($0)).info } + [tensor.info])
    }
  }

  private static func withoutChecks(_ body: () throws(TensorError) -> Void) throws(TensorError) {
    let result: Result<Void, TensorError> = with(false) {
      do throws(TensorError) { return .success(try body()) } catch { return .failure(error) }
    }
    try result.get()
  }
}

/// Runs `body` with every operation computed as soon as it is recorded, each result in memory of
/// just its size that holds NaN before.
///
/// The first operation that makes a NaN or an infinity of finite operands throws and is named.
/// Memory checkers see every access outside a tensor. Slow.
public func withDebugChecks<Value>(
  on device: Device? = nil, _ body: () throws -> Value
) throws(TensorError) -> Value {
  let place = try Device.resolved(device).place
  let pool = try place.backend.memory
  pool.allocatesExactSizes = true
  place.engine.fillsNewMemory = true
  defer {
    pool.allocatesExactSizes = false
    place.engine.fillsNewMemory = false
  }
  do {
    return try Debugging.with(true, body)
  } catch { throw error.asTensorError }
}

/// How `tensors` would be computed: steps, what is fused, bytes, buffers reused. Computes nothing.
///
/// With `APUS_EXPLAIN=1` in the environment every new plan is printed on stderr.
public func explain(_ tensors: Tensor...) throws(TensorError) -> String {
  var text = ""
  for tensor in tensors {
    let place = tensor.node.place
    text += try place.engine.explain(tensor.node, on: place)
  }
  return text
}

/// Plans on stderr, for whoever set the variable.
enum Explanation {
  static let isPrinted: Bool = {
    guard let value = getenv("APUS_EXPLAIN") else { return false }
    return String(cString: value) == "1"
  }()

  static func print(_ text: String) {
    // Standard error by its number: the variable is not safe to read from Swift.
    var text = text
    text.withUTF8 { _ = write(2, $0.baseAddress, $0.count) }
  }
}
