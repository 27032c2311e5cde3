internal import Formats
public import Geometry

/// Writes checkpoints into the folder of a run: the newest, and that of the best epoch.
///
///     Checkpoint("runs/lenet")                                  // after each epoch
///     Checkpoint("runs/lenet", everySteps: 500, keepLast: 3)
///
/// `checkpoints/step-….safetensors` in the folder are the newest, `checkpoints/best.safetensors`
/// that of the best epoch. `fit(resumingFrom: "runs/lenet")` goes on from the newest that is whole.
/// Where a training is cancelled, one is written at the step it ended at. A training that is not
/// resumed removes the checkpoints that are there when it begins.
public final class Checkpoint: Callback, RunFolderUser {
  public let runFolder: RunFolder
  public let isRecorder = true
  private let keepLast: Int
  private let keepBest: Bool
  private let everySteps: Int?
  private let everyEpochs: Int
  private var monitor: Monitor

  /// - Parameters:
  ///   - folder: that of the run, which the folder `checkpoints` is in.
  ///   - keepLast: how many of the newest stay.
  ///   - keepBest: whether that of the best epoch is kept too.
  ///   - everySteps: after how many steps one is written; nil for none in the middle of an epoch.
  ///   - everyEpochs: after how many epochs one is written.
  ///   - name: what the best epoch is told by; `val_loss` if there is validation, else `loss`.
  ///   - mode: whether that number is to fall or to rise; judged by its name if automatic.
  public init(
    _ folder: String, keepLast: Int = 2, keepBest: Bool = true, everySteps: Int? = nil,
    everyEpochs: Int = 1, monitor name: String? = nil, mode: Monitor.Mode = .automatic
  ) {
    runFolder = RunFolder(folder)
    self.keepLast = max(1, keepLast)
    self.keepBest = keepBest
    self.everySteps = everySteps.map { max(1, $0) }
    self.everyEpochs = max(1, everyEpochs)
    monitor = Monitor(name, mode: mode)
  }

  public func began(_ context: TrainingContext) throws {
    try makeFolder(runFolder.checkpointsFolder, in: "Checkpoint")
    // What a process left that ended while it wrote: this training may never write that step.
    OutputFile.sweep(runFolder.checkpointsFolder)
    // Those of another training in this folder would be taken for this one's.
    for found in try Self.found(in: runFolder.path) where found.step > context.step {
      try removeFile(found.path, in: "Checkpoint")
    }
    if !context.isResumed {
      try removeFile("\(runFolder.checkpointsFolder)/best.safetensors", in: "Checkpoint")
      for found in try Self.found(in: runFolder.path) {
        try removeFile(found.path, in: "Checkpoint")
      }
    }
  }

  public func stepEnded(_ context: TrainingContext) throws {
    guard let everySteps, context.step.isMultiple(of: everySteps) else { return }
    try write(context)
  }

  public func epochEnded(_ context: TrainingContext) throws {
    let isLast = context.epoch == context.epochs || context.isStopping
    let isBest = monitor.isImproved(by: context.values, epoch: context.epoch) ?? false
    if context.epoch.isMultiple(of: everyEpochs) || isLast { try write(context) }
    if keepBest, isBest {
      try context.trainer.saveCheckpoint(to: "\(runFolder.checkpointsFolder)/best.safetensors")
    }
  }

  public func ended(_ context: TrainingContext) throws {
    guard case .cancelled = context.outcome, context.step > 0 else { return }
    try write(context)
  }

  public func state() -> CallbackState {
    var state = CallbackState()
    monitor.write(to: &state)
    return state
  }

  public func restore(_ state: CallbackState) { monitor.read(state) }

  private func write(_ context: TrainingContext) throws(TensorError) {
    let digits = "\(context.step)"
    let name = "step-" + String(repeating: "0", count: max(0, 9 - digits.count)) + digits
    try context.trainer.saveCheckpoint(to: "\(runFolder.checkpointsFolder)/\(name).safetensors")
    // Only once the new one is safe.
    for old in try Self.found(in: runFolder.path).dropFirst(keepLast) {
      try removeFile(old.path, in: "Checkpoint")
    }
  }
}

extension Checkpoint {
  /// The newest checkpoint in the folder of a run that is whole; nil if there is none.
  ///
  ///     try trainer.fit(data, epochs: 10, callbacks: [Checkpoint("runs/a", everySteps: 100)],
  ///                     resumingFrom: try Checkpoint.newest(in: "runs/a"))
  ///
  /// Every tensor is read and compared with its checksum; what is damaged is passed over.
  public static func newest(in folder: String) throws(TensorError) -> String? {
    guard isFolder(folder) else { return nil }
    for found in try found(in: folder) {
      do throws(TensorError) {
        try TensorFile(path: found.path).verify()
        return found.path
      } catch {
        guard error.kind == .corruptFile || error.kind == .unsupportedFile else { throw error }
      }
    }
    return nil
  }

  /// Its numbered checkpoints, the newest first: those of a run, or of a folder of checkpoints.
  static func found(in folder: String) throws(TensorError) -> [(step: Int, path: String)] {
    let inner = RunFolder(folder).checkpointsFolder
    let place = isFolder(inner) ? inner : folder
    guard isFolder(place) else { return [] }
    var found: [(step: Int, path: String)] = []
    for name in try namesInFolder(place, in: "Checkpoint") {
      guard name.hasPrefix("step-"), name.hasSuffix(".safetensors"),
        let step = Int(name.dropFirst(5).dropLast(12))
      else { continue }
      found.append((step, "\(place)/\(name)"))
    }
    return found.sorted { $0.step > $1.step }
  }
}
