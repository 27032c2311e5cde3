import Apus
import Geometry
import Glibc
import TestSupport

// trainer-bench [SECONDS]: what a step of LeNet costs by hand, in a trainer, and with callbacks.
//
// Made images, 64 × 28 × 28 × 1. The ways take turns, two epochs of 50 steps each, until the time
// is up; each is compared with its neighbour in the same turn, since the machine changes from turn
// to turn.
let batchSize = 64
let steps = 50
let seconds = CommandLine.arguments.dropFirst().first.flatMap { Double($0) } ?? 60
let count = batchSize * steps

func now() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// The number below which that share of them is.
func quantile(_ numbers: [Double], _ share: Double) -> Double {
  let sorted = numbers.sorted()
  return sorted.isEmpty ? .nan : sorted[Int(Double(sorted.count - 1) * share)]
}

let device = try Device.current
let images = try Tensor.uniform([count, 28, 28, 1], on: .cpu)
let labels = try Tensor.uniform([count], to: 10, on: .cpu).cast(to: .int32)
let data = try Dataset(inputs: images, targets: labels).batched(batchSize)

/// A loop without a trainer, the loss read one step late.
final class Hand {
  let model = Architecture.lenet.make()
  let optimizer = Adam(learningRate: 1e-3)
  var parameters: [Parameter] = []

  /// The seconds of each step.
  func epoch() throws -> [Double] {
    if parameters.isEmpty {
      try model.build(input: [batchSize, 28, 28, 1], on: device)
      parameters = try model.parameters
    }
    var last: Tensor?
    var seconds: [Double] = []
    var begin = now()
    for batch in try data.elements() {
      let x = try batch.inputs[0].moved(to: device)
      let y = try batch.targets[0].moved(to: device)
      let (loss, gradients) = try valueAndGradients(of: parameters) {
        try softmaxCrossEntropy(model(x), y)
      }
      _ = try last?.scalar()
      try withExtendedLifetime(loss) { try optimizer.update(parameters, along: gradients) }
      last = loss
      seconds.append(now() - begin)
      begin = now()
    }
    return seconds
  }
}

/// Seconds from the end of one step to the end of the next in the second epoch, all callbacks
/// included, and of all that is no step.
final class Clock: Callback {
  private(set) var steps: [Double] = []
  private(set) var inEpochs = 0.0
  private var last = 0.0

  func stepEnded(_ context: TrainingContext) {
    let time = now()
    if context.epoch == 2, context.stepInEpoch > 1 { steps.append(time - last) }
    last = time
  }

  func epochEnded(_ context: TrainingContext) { inEpochs += context.seconds }
}

let hand = Hand()
var byHand: [Double] = []
var bare: [Double] = []
var watched: [Double] = []
// Of each turn: how much longer the median step is with callbacks, and seconds of an epoch besides.
var longer: [Double] = []
var extra: [Double] = []

func trainer(_ metrics: [MetricKind]) -> Trainer {
  let trainer = Trainer(
    Architecture.lenet.make(), optimizer: Adam(learningRate: 1e-3), loss: .softmaxCrossEntropy,
    metrics: metrics, device: device, seed: 1)
  trainer.progress = nil
  return trainer
}

let plain = trainer([.accuracy])
let full = trainer([.accuracy])
full.progress = ProgressLine(.live) { _ in }
_ = try hand.epoch()
do {
  let scratch = try ScratchFolder()
  let end = now() + seconds
  while now() < end {
    byHand += try hand.epoch()
    let clock = Clock()
    try plain.fit(data, epochs: 2, callbacks: [clock])
    bare += clock.steps
    let other = Clock()
    let begin = now()
    try full.fit(
      data, epochs: 2,
      callbacks: [
        other, TerminateOnNaN(), EarlyStopping("loss", patience: 99), Checkpoint(scratch.path),
        Report(scratch.path),
      ])
    watched += other.steps
    longer.append(quantile(other.steps, 0.5) / quantile(clock.steps, 0.5) - 1)
    // What an epoch costs besides its steps: checkpoints, histograms, a line, the start of the run.
    extra.append((now() - begin - other.inEpochs) / 2)
  }
}

func line(_ name: String, _ numbers: [Double]) {
  let texts = [0.25, 0.5].map { "\((quantile(numbers, $0) * 1e7).rounded() / 1e4) ms" }
  print("\(name): \(texts[0]), median \(texts[1]), of \(numbers.count) steps")
}
line("by hand", byHand)
line("trainer with accuracy", bare)
line("and progress, log, early stopping, checkpoint, report", watched)
let perEpoch = quantile(extra, 0.5)
let share = quantile(longer, 0.5)
let whole = share + perEpoch / (quantile(bare, 0.5) * 938)
func percent(_ share: Double) -> String { "\((share * 1e4).rounded() / 100) %" }
print(
  "callbacks add \(percent(share)) to a step, median of \(longer.count) turns, and "
    + "\((perEpoch * 1e4).rounded() / 10) ms to an epoch: \(percent(whole)) of an epoch of 938 steps"
)
