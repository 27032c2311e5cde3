internal import Geometry
public import Optimizers

/// Sets the learning rate before each step by a schedule over the steps taken.
///
///     LearningRateSchedule(.cosine(from: 1e-3, steps: 10_000).warmedUp(steps: 500))
public final class LearningRateSchedule: Callback {
  private let schedule: Schedule
  private let name: String?
  private let isByEpoch: Bool

  /// - Parameters:
  ///   - schedule: the rate of each step, the first being 0.
  ///   - perEpoch: whether the schedule is over epochs, the first being 0, instead of steps.
  ///   - name: of one optimizer; nil for all.
  public init(_ schedule: Schedule, perEpoch: Bool = false, of name: String? = nil) {
    self.schedule = schedule
    self.name = name
    isByEpoch = perEpoch
  }

  public func stepBegan(_ context: TrainingContext) {
    for (own, optimizer) in context.trainer.optimizers where name == nil || name == own {
      // A step of one's own may update one of its optimizers several times.
      optimizer.learningRate = schedule(isByEpoch ? context.epoch - 1 : optimizer.stepCount)
    }
  }
}

/// Lowers the learning rate where a number of the epochs has stopped getting better.
///
///     ReduceOnPlateau(factor: 0.5, patience: 3)
public final class ReduceOnPlateau: Callback {
  private let monitor: Monitor
  private let makePlateau: (_ isMinimized: Bool) -> Plateau
  private var plateau: Plateau?
  private var restored: [String: Double]?

  /// - Parameters:
  ///   - name: the number that is followed; `val_loss` if there is validation, else `loss`.
  ///   - factor: what the rate is multiplied by.
  ///   - patience: after how many epochs without progress.
  ///   - minimumChange: how much better counts as progress.
  ///   - cooldown: how many epochs after that are not counted.
  ///   - smallest: the rate goes no lower.
  ///   - mode: whether that number is to fall or to rise; judged by its name if automatic.
  public init(
    _ name: String? = nil, factor: Double = 0.1, patience: Int = 10, minimumChange: Double = 1e-4,
    cooldown: Int = 0, smallest: Double = 0, mode: Monitor.Mode = .automatic
  ) {
    monitor = Monitor(name, mode: mode)
    makePlateau = {
      Plateau(
        factor: factor, patience: patience, threshold: minimumChange, cooldown: cooldown,
        smallest: smallest, isMinimized: $0)
    }
  }

  public func epochEnded(_ context: TrainingContext) throws {
    let name = monitor.name(in: context.values)
    guard let value = context.values[name] else {
      throw TensorError(.argument, "ReduceOnPlateau", monitor.missing(in: context.values))
    }
    let rises =
      monitor.mode == .maximum || (monitor.mode == .automatic && Monitor.isMaximized(name))
    var own = plateau ?? makePlateau(!rises)
    if let state = restored {
      own.state = state
      restored = nil
    }
    // One judgement for all optimizers: the factor that the first of them is lowered by.
    let optimizers = context.trainer.optimizers.sorted { $0.key < $1.key }.map(\.value)
    guard let first = optimizers.first else { return }
    let before = first.learningRate
    let after = own.rate(after: value, before)
    plateau = own
    guard after != before else { return }
    first.learningRate = after
    for optimizer in optimizers.dropFirst() { optimizer.learningRate *= after / before }
  }

  public func state() -> CallbackState {
    var state = CallbackState()
    state.numbers = plateau?.state ?? restored ?? [:]
    return state
  }

  public func restore(_ state: CallbackState) { restored = state.numbers }
}
