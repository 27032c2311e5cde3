public import Geometry
internal import Tensors

/// What a search has found.
public struct SearchResult: Sendable {
  /// One combination and what its training ended in.
  public struct Trial: Sendable {
    public let setting: Setting
    public let seed: UInt64
    public let values: [String: Double]
  }

  /// In the order of the settings.
  public let trials: [Trial]
  /// The one whose number is best; of equal ones the first, nil if none has a finite one.
  public let best: Trial?
}

/// Trains once for each setting, and finds the one that is best.
///
///     let found = try search(space.random(20, seed: 1), for: "val_loss", seed: 7) { setting in
///       let optimizer = Adam(learningRate: try setting.number("rate"))
///       let trainer = Trainer(makeModel(try setting.integer("units")), optimizer: optimizer, …)
///       return try trainer.fit(train, validation: test, epochs: 5).epochs.last?.values ?? [:]
///     }
///     print(found.best?.setting ?? "nothing")
///
/// - Parameters:
///   - settings: one for each training.
///   - name: the number that is compared.
///   - mode: whether it is to fall or to rise; by its name if not given.
///   - seed: each training draws from a source of its own, whose seed depends on this and its
///     number: the same search finds the same.
///   - train: trains with a setting and returns numbers by name.
public func search(
  _ settings: [Setting], for name: String, mode: Monitor.Mode = .automatic, seed: UInt64 = 0,
  _ train: (Setting) throws -> [String: Double]
) throws(TensorError) -> SearchResult {
  var trials: [SearchResult.Trial] = []
  var monitor = Monitor(name, mode: mode)
  var best: SearchResult.Trial?
  for (number, setting) in settings.enumerated() {
    let own = trialSeed(seed, number)
    let values: [String: Double]
    do { values = try withSeed(own) { try train(setting) } } catch { throw error.asTensorError }
    let trial = SearchResult.Trial(setting: setting, seed: own, values: values)
    trials.append(trial)
    guard let isImproved = monitor.isImproved(by: values, epoch: number) else {
      throw TensorError(.argument, "search", monitor.missing(in: values))
    }
    if isImproved { best = trial }
  }
  return SearchResult(trials: trials, best: best)
}
