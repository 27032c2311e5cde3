internal import Geometry
internal import Layers
public import Optimizers
internal import Tensors

/// Keeps averages of the trained weights, and puts them into the model when the training has ended.
///
///     try trainer.fit(data, epochs: 20, callbacks: [AverageWeights(.moving(decay: 0.999))])
///     try trainer.fit(data, epochs: 20, callbacks: [AverageWeights(.plain, after: 15, eachEpoch: true)])
///
/// While the training runs the model has its own weights, and validation is of these;
/// `average?.use { … }` measures the averages. A checkpoint holds both. Running statistics are not
/// averaged.
public final class AverageWeights: Callback {
  private let kind: WeightAverage.Kind
  private let firstEpoch: Int
  private let isOfEpochs: Bool
  /// The averages; nil before the first step that counts.
  public private(set) var average: WeightAverage?
  private var paths: [String] = []
  private var restored: CallbackState?

  /// - Parameters:
  ///   - kind: the mean of all values, or a moving average.
  ///   - epochs: how many epochs go by before the first that counts.
  ///   - eachEpoch: whether the weights at the end of epochs are averaged, not those of all steps.
  public init(
    _ kind: WeightAverage.Kind = .moving(decay: 0.999), after epochs: Int = 0,
    eachEpoch: Bool = false
  ) {
    self.kind = kind
    firstEpoch = epochs + 1
    isOfEpochs = eachEpoch
  }

  public func began(_ context: TrainingContext) throws {
    average = nil
    guard let restored, restored.numbers["count"] != nil else { return }
    try begin(context)
    var values: [Tensor] = []
    for path in paths {
      guard let value = restored.tensors[path] else {
        throw TensorError(
          .corruptFile, "AverageWeights", "the checkpoint has no average of \(path)")
      }
      values.append(value)
    }
    try average?.restore(values, count: Int(exactly: restored.numbers["count"] ?? 0) ?? 0)
    self.restored = nil
  }

  public func stepEnded(_ context: TrainingContext) throws {
    if !isOfEpochs { try update(context) }
  }

  public func epochEnded(_ context: TrainingContext) throws {
    if isOfEpochs { try update(context) }
  }

  public func ended(_ context: TrainingContext) throws {
    if context.outcome.isComplete { try average?.apply() }
  }

  public func state() -> CallbackState {
    var state = CallbackState()
    guard let average else { return state }
    state.numbers["count"] = Double(average.count)
    for (path, value) in zip(paths, average.values) { state.tensors[path] = value }
    return state
  }

  public func restore(_ state: CallbackState) { restored = state }

  private func update(_ context: TrainingContext) throws(TensorError) {
    guard context.epoch >= firstEpoch else { return }
    if average == nil { try begin(context) }
    try average?.update()
  }

  private func begin(_ context: TrainingContext) throws(TensorError) {
    let trained = try context.trainer.model.namedParameters.filter(\.parameter.isTrained)
    paths = trained.map(\.path)
    average = try WeightAverage(of: trained.map(\.parameter), kind: kind)
  }
}
