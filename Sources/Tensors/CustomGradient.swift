internal import Backends
public import Geometry

/// `forward(inputs)` with the gradient that `backward` gives instead of its own.
///
///     let y = try customGradient(of: [x]) { x in try exp(x[0]) } backward: { upstream, x, y in
///       [try upstream * y]
///     }
///
/// - Parameters:
///   - inputs: what `forward` takes, and what gradients are given of.
///   - forward: makes the output of the inputs.
///   - backward: takes the upstream gradient, the inputs and the output; returns the gradient of
///     each input in its shape, nil for none. What it does is recorded too.
public func customGradient(
  of inputs: [Tensor], forward: ([Tensor]) throws -> Tensor,
  backward: @escaping @Sendable (Tensor, [Tensor], Tensor) throws -> [Tensor?]
) throws(TensorError) -> Tensor {
  let value: Tensor
  do { value = try forward(inputs) } catch { throw error.asTensorError }
  var nodes: ContiguousArray<Node> = [value.node]
  for input in inputs { nodes.append(input.node) }
  let operation = CustomGradientOperation(backward)
  return try Tensor(
    recording: Node(operation, value.shape, value.scalarType, value.node.place, inputs: nodes))
}

/// Its first input, with a gradient for the others that a user wrote.
final class CustomGradientOperation: ViewOperation, @unchecked Sendable {
  private let backward: @Sendable (Tensor, [Tensor], Tensor) throws -> [Tensor?]
  private static let code = Operation.newCode()

  init(_ backward: @escaping @Sendable (Tensor, [Tensor], Tensor) throws -> [Tensor?]) {
    self.backward = backward
    super.init("customGradient", code: Self.code)
  }

  override func gradient(_ context: GradientContext) throws(TensorError) {
    let inputs = (1..<context.inputCount).map { context.input($0) }
    let gradients: [Tensor?]
    do {
      gradients = try backward(context.upstream, inputs, context.output)
    } catch { throw error.asTensorError }
    guard gradients.count == inputs.count else {
      throw TensorError(
        .argument, "customGradient",
        "backward gave \(gradients.count) gradients for \(inputs.count) inputs",
        operands: inputs.map(\.info))
    }
    for (number, gradient) in gradients.enumerated() {
      guard let gradient, context.isWanted(number + 1) else { continue }
      guard gradient.shape == inputs[number].shape,
        gradient.scalarType == inputs[number].scalarType
      else {
        throw TensorError(
          .shape, "customGradient", "gradient \(number) does not fit its input",
          operands: [gradient.info, inputs[number].info])
      }
      try context.give(number + 1, gradient)
    }
  }
}
