internal import Formats
internal import Geometry
internal import Layers
internal import Optimizers
internal import Tensors

/// Writes an event file that TensorBoard shows: numbers of steps and epochs, and histograms of
/// weights.
///
///     TensorBoard("runs/lenet/events")          // tensorboard --logdir runs/lenet/events
public final class TensorBoard: Callback {
  public let folder: String
  public let isRecorder = true
  private let interval: Int
  private let hasHistograms: Bool
  private var events: EventFileWriter?

  /// - Parameters:
  ///   - folder: where the event file is written.
  ///   - interval: how many steps there are to a point of the curves over steps.
  ///   - histograms: whether weights are written after each epoch.
  public init(_ folder: String, interval: Int = 50, histograms: Bool = true) {
    self.folder = folder
    self.interval = max(1, interval)
    hasHistograms = histograms
  }

  public func began(_ context: TrainingContext) throws {
    try makeFolder(folder, in: "TensorBoard")
    events = try EventFileWriter(folder: folder)
  }

  public func stepEnded(_ context: TrainingContext) throws {
    guard let events, context.step.isMultiple(of: interval) else { return }
    for (name, value) in context.values.sorted(by: { $0.key < $1.key }) {
      try events.write(scalar: "step/\(name)", value: value, step: context.valuesStep)
    }
    for (name, optimizer) in context.trainer.optimizers.sorted(by: { $0.key < $1.key }) {
      let tag = context.trainer.optimizers.count == 1 ? "" : "/\(name)"
      try events.write(
        scalar: "step/learning_rate\(tag)", value: optimizer.learningRate, step: context.step)
    }
  }

  public func epochEnded(_ context: TrainingContext) throws {
    guard let events else { return }
    for (name, value) in context.values.sorted(by: { $0.key < $1.key }) {
      // One chart for training and validation: TensorBoard groups by what is before the slash.
      let isValidation = name.hasPrefix("val_")
      let tag = isValidation ? "\(name.dropFirst(4))/validation" : "\(name)/train"
      try events.write(scalar: tag, value: value, step: context.epoch)
    }
    guard hasHistograms else { return }
    for (path, parameter) in try context.trainer.model.namedParameters {
      try events.write(
        histogram: path, values: parameter.value.scalars(), step: context.epoch)
    }
  }

  public func ended(_ context: TrainingContext) throws { try events?.flush() }
}
