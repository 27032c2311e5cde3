internal import Geometry
internal import Layers
internal import Tensors

/// Stops where a number has not become better for some epochs, and puts the weights of the best
/// epoch back.
///
///     EarlyStopping(patience: 3)                                    // val_loss, or loss
///     EarlyStopping("val_accuracy", patience: 5, minimumChange: 1e-3)
public final class EarlyStopping: Callback {
  public let patience: Int
  public let restoresBest: Bool
  /// Epochs before which nothing is compared.
  public let start: Int
  public private(set) var monitor: Monitor
  /// The epoch that was best; nil before the first.
  public var bestEpoch: Int? { monitor.bestEpoch }
  private var waited = 0
  private var best: [String: Tensor] = [:]

  /// - Parameters:
  ///   - name: the number that is followed; `val_loss` if there is validation, else `loss`.
  ///   - patience: how many epochs without progress are waited for.
  ///   - minimumChange: how much better counts as progress.
  ///   - mode: whether that number is to fall or to rise; judged by its name if automatic.
  ///   - restoreBest: whether the weights of the best epoch are put back at the end, also where all
  ///     epochs were trained.
  ///   - start: how many epochs go by before the first that is compared.
  public init(
    _ name: String? = nil, patience: Int = 0, minimumChange: Double = 0,
    mode: Monitor.Mode = .automatic, restoreBest: Bool = true, start: Int = 0
  ) {
    monitor = Monitor(name, mode: mode, minimumChange: minimumChange)
    self.patience = max(0, patience)
    restoresBest = restoreBest
    self.start = start
  }

  public func epochEnded(_ context: TrainingContext) throws {
    guard context.epoch > start else { return }
    guard let isImproved = monitor.isImproved(by: context.values, epoch: context.epoch) else {
      throw TensorError(.argument, "EarlyStopping", monitor.missing(in: context.values))
    }
    if isImproved {
      waited = 0
      // Tensors do not change: holding them is all that keeping them takes.
      if restoresBest { best = try context.trainer.model.weightValues() }
      return
    }
    waited += 1
    if waited >= max(1, patience) {
      let name = monitor.name(in: context.values)
      context.stop(
        "\(name) has not become better since epoch \(monitor.bestEpoch.map(String.init) ?? "0")")
    }
  }

  public func ended(_ context: TrainingContext) throws {
    guard restoresBest, context.outcome.isComplete, !best.isEmpty,
      monitor.bestEpoch != context.history.epochs.last?.number
    else { return }
    try context.trainer.model.assign(best)
    try evaluateAssignments(on: context.trainer.device)
  }

  public func state() -> CallbackState {
    var state = CallbackState()
    monitor.write(to: &state)
    state.numbers["waited"] = Double(waited)
    state.tensors = best
    return state
  }

  public func restore(_ state: CallbackState) {
    monitor.read(state)
    waited = Int(exactly: state.numbers["waited"] ?? 0) ?? 0
    best = state.tensors
  }
}

extension Module {
  /// The values of all weights by path.
  func weightValues() throws(TensorError) -> [String: Tensor] {
    var values: [String: Tensor] = [:]
    for (path, parameter) in try namedParameters { values[path] = parameter.value }
    return values
  }
}
