internal import Data
internal import Geometry
internal import Layers
internal import Optimizers
public import Tensors
internal import Training

/// A short training of a kind of model, for tests of what becomes of it when its process ends.
public struct KillTraining: Sendable {
  public static let names = [
    "mlp-momentum", "mlp-adam", "cnn-adam", "cnn-momentum", "lstm-adam",
    "gru-stateful-average",
  ]

  public let name: String
  public let device: Device

  public init(_ name: String, on device: Device) {
    self.name = name
    self.device = device
  }

  /// What a training ends in, to the bit.
  public struct Result: Equatable, Sendable {
    public var weights: [UInt32] = []
    public var losses: [UInt64] = []

    /// A number of 16 digits that tells results apart (FNV-1a).
    public var fingerprint: String {
      var hash: UInt64 = 0xcbf2_9ce4_8422_2325
      func add(_ word: UInt64) {
        for byte in 0..<8 { hash = (hash ^ (word >> (8 * UInt64(byte)) & 0xFF)) &* 0x100_0000_01b3 }
      }
      for word in weights { add(UInt64(word)) }
      for word in losses { add(word) }
      let digits = String(hash, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }
  }

  /// Trains from the newest checkpoint in `folder`, or from the start if there is none; without a
  /// folder from the start and without checkpoints.
  ///
  /// - Parameters:
  ///   - last: the step after which it is given up, without anything being written any more, as if
  ///     the process had ended; the result is then worth nothing.
  ///   - stepEnded: called after each step, with the number of steps so far.
  public func run(
    folder: String? = nil, until last: Int? = nil, stepEnded: ((Int) -> Void)? = nil
  ) throws -> Result {
    let (model, inputs) = try modelAndInputs()
    let trainer = Trainer(
      model, optimizer: try optimizer(), loss: .softmaxCrossEntropy, metrics: [.accuracy],
      device: device, seed: 11)
    trainer.progress = nil
    let targets = try Tensor.uniform([40], to: 3, on: .cpu, source: RandomSource(seed: 5))
      .cast(to: .int32)
    let examples = try Dataset(inputs: inputs, targets: targets)
    var callbacks: [any Callback] = [
      EarlyStopping("loss", patience: 50),
      LearningRateSchedule(.cosine(from: 0.02, steps: 40).warmedUp(steps: 5)),
    ]
    // States are of batches of one size.
    let isStateful = name == "gru-stateful-average"
    if isStateful { callbacks.append(AverageWeights(.moving(decay: 0.8))) }
    if let stepEnded { callbacks.append(LambdaCallback(stepEnded: { stepEnded($0.step) })) }
    if let folder { callbacks.append(Checkpoint(folder, everySteps: 1)) }
    if let last { callbacks.append(GiveUp(after: last)) }
    let history: History
    do {
      history = try trainer.fit(
        examples.shuffled(seed: 3).batched(8).prefetched(2),
        validation: examples.batched(isStateful ? 8 : 20),
        epochs: 4, callbacks: callbacks,
        resumingFrom: try folder.flatMap { try Checkpoint.newest(in: $0) })
    } catch {
      guard last != nil else { throw error }
      return Result()
    }
    var result = Result()
    for (_, parameter) in try model.namedParameters {
      result.weights += try parameter.value.scalars().map(\.bitPattern)
    }
    for name in history.names { result.losses += history[name].map(\.bitPattern) }
    return result
  }

  /// Fails once what is written in a step has been written.
  private final class GiveUp: Callback {
    private let last: Int
    private var isOver = false

    init(after last: Int) { self.last = last }

    func stepEnded(_ context: TrainingContext) throws {
      // Checkpoints come last: that of the last step is there when the next begins.
      if context.step == last { isOver = true }
      if context.step > last { throw TensorError(.io, "kill-run", "given up") }
    }

    func epochEnded(_ context: TrainingContext) throws {
      if isOver { throw TensorError(.io, "kill-run", "given up") }
    }
  }

  private func optimizer() throws -> any Optimizer {
    name.hasSuffix("adam") ? Adam(learningRate: 0.02) : try SGD(learningRate: 0.02, momentum: 0.9)
  }

  private func modelAndInputs() throws -> (any Layer, Tensor) {
    let source = RandomSource(seed: 7)
    switch name {
    case "mlp-momentum", "mlp-adam":
      let model = Sequential {
        Dense(16, activation: .relu)
        Dense(3)
      }
      return (model, try .normal([40, 6], on: .cpu, source: source))
    case "cnn-adam", "cnn-momentum":
      let model = Sequential {
        Conv2D(4, kernel: 3, padding: .same, activation: .relu)
        BatchNorm()
        MaxPool2D(2)
        Flatten()
        Dropout(0.3)
        Dense(3)
      }
      return (model, try .normal([40, 8, 8, 2], on: .cpu, source: source))
    case "lstm-adam":
      let model = Sequential {
        LSTM(8)
        Dense(3)
      }
      return (model, try .normal([40, 5, 4], on: .cpu, source: source))
    case "gru-stateful-average":
      let model = Sequential {
        GRU(6, returnSequences: true, stateful: true)
        LSTM(4, stateful: true)
        Dense(3)
      }
      return (model, try .normal([40, 5, 4], on: .cpu, source: source))
    default:
      throw TensorError(
        .argument, "kill-run", "no training is called \(name)",
        hint: Self.names.joined(separator: ", "))
    }
  }
}
