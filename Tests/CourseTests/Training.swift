import Apus

/// Takes steps along the gradient of a loss, and tells the losses before each.
@discardableResult
func descend(
  _ parameters: [Parameter], _ optimizer: any Optimizer, steps: Int, _ loss: () throws -> Tensor
) throws -> [Float] {
  try (0..<steps).map { _ in
    let (value, gradients) = try valueAndGradients(of: parameters, loss)
    try optimizer.update(parameters, along: gradients)
    return try value.scalar()
  }
}

extension Tensor {
  /// The numbers that a test compares.
  var numbers: [Float] { get throws { try scalars() } }
}
