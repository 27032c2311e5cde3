import Apus
import Geometry
import Glibc

// host-bench [SECONDS [chain|small|mlp]]: what a replayed step costs outside of kernels.
//
// A step is timed as a whole while the backend times each of its kernels; what is left is the host's:
// recording, gradients, looking the plan up, replaying it. Reading the clock twice a kernel is in it.
let seconds = CommandLine.arguments.dropFirst().first.flatMap { Double($0) } ?? 10

func now() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// One row of what is printed, in microseconds: medians, and the least that the host took.
struct Share {
  var name: String
  var whole: Double, host: Double, least: Double
  /// Launches of kernels in a step.
  var kernels: Int

  /// Steps of 20 until the time is up, the first ones not counted: they make the plan.
  init(_ name: String, on device: Device, _ step: () throws -> Void) throws {
    for _ in 0..<20 { try step() }
    var wholes: [Double] = []
    var hosts: [Double] = []
    var kernels = 0
    let end = now() + seconds
    while now() < end {
      let begin = now()
      for _ in 0..<20 { try step() }
      wholes.append((now() - begin) / 20 * 1e6)
      var timed = 0.0
      let (_, times) = try profiled(on: device) {
        let begin = now()
        for _ in 0..<20 { try step() }
        timed = now() - begin
      }
      hosts.append((timed - times.reduce(0) { $0 + $1.seconds }) / 20 * 1e6)
      kernels = times.reduce(0) { $0 + $1.count } / 20
    }
    self.name = name
    whole = wholes.sorted()[wholes.count / 2]
    host = hosts.sorted()[hosts.count / 2]
    least = hosts.min() ?? .nan
    self.kernels = kernels
  }

  func row(nodes: Int?) -> String {
    func number(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
    let each = nodes.map { ", \(number(host / Double($0))) a node of \($0)" } ?? ""
    return "\(name): \(number(whole)) µs a step, of which the host's \(number(host))\(each), "
      + "at least \(number(least)), "
      + "\(kernels) kernels"
  }
}

let device = Device.cpu

/// Links of three operations, each on a matrix so small that only the host's work counts.
func chain(links: Int) throws -> Share {
  let x = try Tensor.ones([2, 2], on: device)
  let w = try Tensor.full(0.1, [2, 2], on: device)
  let b = try Tensor.ones([2], on: device)
  try evaluate([x, w, b])
  return try Share("chain of \(links) products, sums and tanh", on: device) {
    var value = x
    for _ in 0..<links { value = try tanh(matmul(value, w) + b) }
    _ = try value.scalars()
  }
}

/// A step of the workload `train.mlp.b128`, or one of the same graph that has so few units that what
/// the host reads stays in its caches.
func multilayer(batch: Int, units: Int) throws -> Share {
  let model = Sequential {
    Flatten()
    Dense(units, activation: .relu)
    Dense(units, activation: .relu)
    Dense(10)
  }
  let optimizer = Adam(learningRate: 1e-3)
  let x = try Tensor.uniform([batch, units, 1], on: device)
  let y = try Tensor.uniform([batch], to: 10, on: device).cast(to: .int32)
  try model.build(input: [batch, units, 1], on: device)
  let parameters = try model.parameters
  try evaluate([x, y] + parameters.map(\.value))
  return try Share("MLP of \(units) units with Adam, batch \(batch)", on: device) {
    let (loss, gradients) = try valueAndGradients(of: parameters) {
      try softmaxCrossEntropy(model(x), y)
    }
    try withExtendedLifetime(loss) { try optimizer.update(parameters, along: gradients) }
  }
}

let links = 100
let wanted = CommandLine.arguments.dropFirst(2).first
if (wanted ?? "chain") == "chain" { print(try chain(links: links).row(nodes: 3 * links)) }
if (wanted ?? "small") == "small" { print(try multilayer(batch: 128, units: 4).row(nodes: nil)) }
if (wanted ?? "mlp") == "mlp" { print(try multilayer(batch: 128, units: 512).row(nodes: nil)) }
