import Apus
import Geometry
import Glibc

// trainer-bench [SECONDS]: what a step of LeNet costs by hand, in a trainer, and with callbacks.
//
// Made images, 64 × 28 × 28 × 1. The ways take turns, an epoch of 50 steps each, until the time is up;
// medians of seconds a step.
let batchSize = 64
let steps = 50
let seconds = CommandLine.arguments.dropFirst().first.flatMap { Double($0) } ?? 60
let count = batchSize * steps

func now() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

func median(_ numbers: [Double]) -> Double {
  let sorted = numbers.sorted()
  return sorted.isEmpty ? .nan : sorted[sorted.count / 2]
}

let device = try Device.current
let images = try Tensor.uniform([count, 28, 28, 1], on: .cpu)
let labels = try Tensor.uniform([count], to: 10, on: .cpu).cast(to: .int32)
let data = try Dataset(inputs: images, targets: labels).batched(batchSize)
let batches = try data.elements()
let folder = "/tmp/apus-trainer-bench-\(getpid())"

/// A loop without a trainer, the loss read one step late.
final class Hand {
  let model = Architecture.lenet.make()
  let optimizer = Adam(learningRate: 1e-3)
  var parameters: [Parameter] = []

  func epoch() throws {
    if parameters.isEmpty {
      try model.build(input: [batchSize, 28, 28, 1], on: device)
      parameters = try model.parameters
    }
    var last: Tensor?
    for batch in batches {
      let x = try batch.inputs[0].moved(to: device)
      let y = try batch.targets[0].moved(to: device)
      let (loss, gradients) = try valueAndGradients(of: parameters) {
        try softmaxCrossEntropy(model(x), y)
      }
      _ = try last?.scalar()
      try withExtendedLifetime(loss) { try optimizer.update(parameters, along: gradients) }
      last = loss
    }
    _ = try last?.scalar()
  }
}

/// Seconds of the steps of each epoch, by the trainer's clock.
final class Clock: Callback {
  private(set) var epochs: [Double] = []

  func epochEnded(_ context: TrainingContext) { epochs.append(context.seconds) }
}

let hand = Hand()
var byHand: [Double] = []
var bare: [Double] = []
var watched: [Double] = []
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
full.progress = Progress(.live) { _ in }
try hand.epoch()
let end = now() + seconds
while now() < end {
  var begin = now()
  try hand.epoch()
  byHand.append((now() - begin) / Double(steps))
  let clock = Clock()
  try plain.fit(data, epochs: 2, callbacks: [clock])
  bare.append((clock.epochs.last ?? .nan) / Double(steps))
  let other = Clock()
  begin = now()
  try full.fit(
    data, epochs: 2,
    callbacks: [other, TerminateOnNaN(), EarlyStopping("loss", patience: 99), Checkpoint(folder)])
  let all = now() - begin
  watched.append((other.epochs.last ?? .nan) / Double(steps))
  // What an epoch costs besides its steps: checkpoints, histograms, a line, the start of the run.
  extra.append((all - other.epochs.reduce(0, +)) / 2)
}

func line(_ name: String, _ numbers: [Double]) {
  let text = "\((median(numbers) * 1e7).rounded() / 1e4)"
  print("\(name): \(text) ms a step, median of \(numbers.count)")
}
line("by hand", byHand)
line("trainer with accuracy", bare)
line("and progress, run log, early stopping, checkpoint", watched)
let share = median(watched) / median(bare) - 1
let perEpoch = median(extra)
print("callbacks in a step: \((share * 1e4).rounded() / 100) %")
print("callbacks at the end of an epoch: \((perEpoch * 1e4).rounded() / 10) ms")
let whole = (median(watched) * 938 + perEpoch) / (median(bare) * 938) - 1
print("over an epoch of 938 steps: \((whole * 1e4).rounded() / 100) %")
