internal import Data
internal import Geometry
internal import Layers
internal import Tensors

/// Writes `report.html` into the folder of a run: one page with curves, a confusion matrix,
/// samples, what happened inside the model, time, memory and the configuration.
///
///     try trainer.fit(data, validation: test, epochs: 5, callbacks: [Report("runs/lenet")])
///
/// The page needs no network and follows the reader's choice of light or dark. It is written when
/// the training ends, however it ends, and between epochs at most every half a minute.
/// `writeReport(of:)` makes it anew from the files of the run.
public final class Report: Callback, RunFolderUser {
  public let runFolder: RunFolder
  public let isRecorder = true
  private let sampleCount: Int
  private var lastWritten = ContinuousClock.now

  /// - Parameters:
  ///   - folder: that of the run.
  ///   - samples: how many samples of the validation data are shown.
  public init(_ folder: String, samples: Int = 24) {
    runFolder = RunFolder(folder)
    sampleCount = max(0, samples)
  }

  /// Where the page is.
  public var path: String { runFolder.reportFile }

  public func began(_ context: TrainingContext) throws { lastWritten = .now }

  // The log has the numbers of an epoch when the next one begins.
  public func epochBegan(_ context: TrainingContext) throws {
    guard context.epoch > 1, ContinuousClock.now - lastWritten > .seconds(30) else { return }
    try Training.writeReport(of: runFolder.path)
    lastWritten = .now
  }

  public func ended(_ context: TrainingContext) throws {
    var extras = ReportExtras()
    if context.outcome.isComplete {
      extras.samples = try SampleChoice(context, count: sampleCount).records()
      extras.operations = try Self.operations(context)
    }
    try extras.write(to: runFolder)
    var record = try RunRecord(runFolder)
    switch context.outcome {
    case .running, .finished: record.outcome = "finished"
    case .stopped(let reason): (record.outcome, record.reason) = ("stopped", reason)
    case .cancelled: record.outcome = "cancelled"
    case .failed(let error): (record.outcome, record.reason) = ("failed", "\(error)")
    }
    try record.writePage(to: runFolder)
  }

  /// What the operations of one pass forward and backward take; nothing for a step of one's own.
  private static func operations(_ context: TrainingContext) throws -> [OperationRecord] {
    let trainer = context.trainer
    guard let loss = trainer.loss, let forward = trainer.forward else { return [] }
    let iterator = try context.data.makeIterator()
    defer { iterator.cancel() }
    guard let batch = try iterator.next(), let target = batch.targets.first else { return [] }
    let device = try trainer.device
    // Numbers of its own: those of the training stay what they would have been.
    return try withSeed(0) {
      try withDevice(device) {
        let parameters = try trainer.model.parameters
        let inputs = try batch.inputs.map { try $0.moved(to: device) }
        let targets = try target.moved(to: device)
        func pass() throws {
          let (value, gradients) = try valueAndGradients(of: parameters) {
            try loss(forward(inputs), targets)
          }
          try evaluate([value] + gradients)
        }
        // A pass moves running statistics, which are part of what was trained.
        let trained = try trainer.model.weightValues()
        // The first pass makes the plan.
        try pass()
        let (_, times) = try profiled(on: device, pass)
        try trainer.model.assign(trained)
        try evaluateAssignments(on: device)
        return times.map { OperationRecord(name: $0.name, seconds: $0.seconds, count: $0.count) }
      }
    }
  }
}
