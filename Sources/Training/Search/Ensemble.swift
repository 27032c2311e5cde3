public import Geometry
public import Layers
public import Tensors

/// Several models as one, whose prediction is the mean of theirs.
///
///     let ensemble = Ensemble([first, second, third], of: .probabilities)
///     let measured = try Trainer(ensemble, optimizer: SGD(), loss: .categoricalCrossEntropy,
///                                metrics: [.accuracy]).evaluate(test)
public final class Ensemble: Layer {
  public enum Mean: Sendable {
    /// Of what the models give.
    case predictions
    /// Of the softmax of what they give, which is then probabilities.
    case probabilities
  }

  public let models: [any Layer]
  private let mean: Mean

  public init(_ models: [any Layer], of mean: Mean = .predictions) {
    self.models = models
    self.mean = mean
  }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    var sum: Tensor?
    for model in models {
      var prediction = try model(x)
      if mean == .probabilities { prediction = try softmax(prediction) }
      if let before = sum { prediction = try before + prediction }
      sum = prediction
    }
    guard let sum else { throw TensorError(.argument, "ensemble", "it has no models") }
    return try sum / Double(models.count)
  }
}
