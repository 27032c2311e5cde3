internal import Backends
internal import Catalogue
internal import Geometry
internal import Tensors

/// One run over the cases of the catalogue.
struct Run {
  private let options: RunOptions

  init(_ options: RunOptions) { self.options = options }

  func run() throws {
    let device = try options.device.map { name in try Device.named(name) } ?? Device.current
    let stopwatch = Stopwatch(device: device, rounds: options.rounds)
    let peaks = try withDevice(device) { try Peaks(stopwatch) }
    let information = try device.information
    print("\(device.name): \(information.name), \(information.driver)")
    print("copy \(peaks.bandwidth.fixed(1)) GB/s, matmul \(peaks.arithmetic.fixed(1)) GFLOP/s")
    print(Report.Line.header)
    var report = Report(
      device: device.name, name: information.name, driver: information.driver,
      bandwidth: peaks.bandwidth, arithmetic: peaks.arithmetic)
    for sample in Catalogue.operations.flatMap(\.benchmarks) {
      let title = "\(sample), \(device.name)"
      if let only = options.only, !title.contains(only) { continue }
      if try withDevice(device, { try fits(sample, information) }) == false { continue }
      let line = try withDevice(device) { try self.line(sample, title, stopwatch, peaks) }
      print(line.text)
      report.lines.append(line)
    }
    guard !report.lines.isEmpty else { throw UsageError(problem: "no case has such a title") }
    if let file = options.save { try report.write(to: file) }
  }

  /// Whether operands and results fit the device's memory.
  private func fits(_ sample: Sample, _ information: DeviceInformation) throws -> Bool {
    4 * sample.bytes(writing: 0) < information.memoryBytes
  }

  private func line(
    _ sample: Sample, _ title: String, _ stopwatch: Stopwatch, _ peaks: Peaks
  ) throws -> Report.Line {
    let operands = try sample.inputs.map { try $0.tensor(on: stopwatch.device) }
    try evaluate(operands)
    var written = 0
    let times = try stopwatch.time {
      let results = try sample.call(operands)
      try evaluate(results)
      written = results.reduce(0) { $0 + $1.count * $1.scalarType.byteCount }
    }
    let arithmetic = sample.operations / times.median * 1e-9
    let bandwidth = Double(sample.bytes(writing: written)) / times.median * 1e-9
    return Report.Line(
      title: title, milliseconds: times.median * 1e3, spread: times.spread,
      arithmetic: arithmetic, bandwidth: bandwidth,
      share: Swift.max(arithmetic / peaks.arithmetic, bandwidth / peaks.bandwidth))
  }
}

/// The most that the device was seen to do in this run.
struct Peaks {
  /// Of copying, in GB/s, reading and writing counted.
  let bandwidth: Double
  /// Of a large matrix product, in GFLOP/s.
  let arithmetic: Double

  init(_ stopwatch: Stopwatch) throws {
    let isProcessor = try stopwatch.device.information.kind == .cpu
    let count = 1 << 24
    let x = try Tensor.uniform([count])
    let size = isProcessor ? 1024 : 4096
    let a = try Tensor.uniform([size, size])
    try evaluate(x, a)
    let copy = try stopwatch.time { try evaluate(-x) }
    let product = try stopwatch.time { try evaluate(matmul(a, a)) }
    bandwidth = Double(8 * count) / copy.median * 1e-9
    arithmetic = 2 * Double(size) * Double(size) * Double(size) / product.median * 1e-9
  }
}
