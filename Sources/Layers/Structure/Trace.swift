internal import Geometry
internal import Tensors

/// Watches the calls of modules while a model runs: for summaries, checks and inner features.
final class Trace: @unchecked Sendable {
  /// One call of a module.
  struct Call {
    let module: any Module
    /// How many calls it is inside of.
    let depth: Int
    let inputs: [Tensor]
    /// The tensors it returned; none if it threw.
    var results: [Tensor] = []
    /// The nodes recorded in it are those numbered so.
    var serials: Range<UInt64>
  }

  // Used by the one task that runs the model.
  private(set) var calls: [Call] = []
  private var depth = 0
  /// What to make of an error instead of throwing it on: a result to go on with, or nil.
  private let recover: ((any Module, [Tensor], TensorError) -> Tensor?)?

  @TaskLocal static var current: Trace?

  init(recover: ((any Module, [Tensor], TensorError) -> Tensor?)? = nil) { self.recover = recover }

  /// Runs `body` with this trace watching.
  func watch<Result>(_ body: () throws -> Result) throws(TensorError) -> Result {
    do { return try Self.$current.withValue(self) { try body() } } catch {
      throw error.asTensorError
    }
  }

  func call<Result>(
    of module: any Module, _ inputs: [Tensor], _ body: () throws(TensorError) -> Result
  ) throws(TensorError) -> Result {
    let index = calls.count
    let start = Tensor.nextSerial
    calls.append(Call(module: module, depth: depth, inputs: inputs, serials: start..<start))
    depth += 1
    defer { depth -= 1 }
    let result: Result
    do throws(TensorError) { result = try body() } catch {
      guard let substitute = recover?(module, inputs, error) as? Result else { throw error }
      result = substitute
    }
    calls[index].serials = start..<Tensor.nextSerial
    calls[index].results = tensors(in: result)
    return result
  }
}

/// The tensors of a value: itself, or those in an array, a tuple or a struct.
private func tensors(in value: Any) -> [Tensor] {
  if let tensor = value as? Tensor { return [tensor] }
  return Mirror(reflecting: value).children.flatMap { tensors(in: $0.value) }
}
