internal import Geometry
internal import Tensors

/// The norms of the gradients of one step, by parameter, computed with the step itself.
final class GradientInspection {
  private var boxes: [Parameter] = []

  init() {}

  func note(_ gradients: [Tensor]) throws(TensorError) {
    guard boxes.isEmpty else { return }
    var norms: [Tensor] = []
    for gradient in gradients {
      norms.append(try stopGradient(sqrt(square(gradient.cast(to: .float32)).sum())))
    }
    guard !norms.isEmpty else { return }
    let value = try stack(norms)
    let box = Parameter(try Tensor.zeros(value.shape, on: value.device), isTrained: false)
    // What is assigned is computed with the step.
    try box.assign(value)
    boxes = [box]
  }

  /// The norms in the order of the trained parameters; nil if no step was noted.
  func norms() throws(TensorError) -> [Double]? {
    guard let box = boxes.first else { return nil }
    return try box.value.scalars().map(Double.init)
  }
}
