internal import Formats
internal import Geometry
internal import Tensors

/// `apus bench`: workloads of a file, timed on a device.
enum BenchCommand: Verb {
  static let name = "bench"
  static let summary = "Times the workloads of a file: the median of many runs of each."
  static let positionals: [String] = []
  static let options = [
    Option.value("workloads", "FILE", isRequired: true, "a JSON file that lists workloads"),
    .device, .only, .value("seconds", "S", "how long each is timed at least; 1.5 if not given"),
    .flag("operations", "lists what each operation takes, the longest first"), .json,
  ]
  static let details = """
    Data and parameters are made first, on the device. Three runs are not timed; then runs are timed
    until S seconds have passed and there are five, at most two hundred. A run is timed from recording
    its first operation until its results are complete on the device; nothing is read back. "ms" is
    the median. "gflop_s" counts two operations a multiply-add; "gb_s" counts each input and each
    result once. The exit code is 1 if a workload could not run. With --operations a workload runs ten
    times more, waiting for each operation: their times add up to more than "ms".
    """

  static func run(_ arguments: Arguments) throws -> ExitCode {
    // Required: the parser has seen to it.
    let path = arguments.value("workloads") ?? ""
    let seconds = try self.seconds(arguments)
    let workloads = try arguments.selected(try Workload.list(ofFile: path)) { $0.name }
    let device = try arguments.device()
    let isJSON = arguments.has("json")
    let table = Table([
      .text("workload", workloads.map(\.name.count).max() ?? 0), .number("ms", 10),
      .number("min ms", 10), .number("runs", 4), .number("rate", 14), .text("", 0),
    ])
    if !isJSON { try Output.text(table.header) }
    var failures = 0
    for workload in workloads where Output.isRead {
      var line: [(String, JSON)] = [
        ("workload", .string(workload.name)), ("device", .string(device.name)),
      ]
      let row: [String]
      var operations: [OperationTime] = []
      do {
        let timing = try withDevice(device) {
          let prepared = try workload.prepared()
          // Memory of the workload before may be of no use to this one.
          try device.emptyCache()
          let timing = try Timing(of: prepared, on: device, seconds: seconds)
          if arguments.has("operations") { operations = try profile(prepared, on: device) }
          return timing
        }
        line += members(timing)
        if !operations.isEmpty { line.append(("operations", .array(operations.map(member)))) }
        row = self.row(workload, timing)
      } catch {
        failures += 1
        line.append(("error", .string("\(error)")))
        row = [workload.name, "", "", "", "", "\(error)"]
      }
      if isJSON {
        try Output.json(line)
        continue
      }
      try Output.text(table.line(row))
      for operation in operations {
        try Output.text(
          "  \(milliseconds(operation).fixed(3)) ms in \(operation.count / profiledRuns): "
            + operation.name)
      }
    }
    guard failures > 0 else { return .done }
    Output.note("apus bench: \(failures) of \(workloads.count) workloads could not run")
    return .failed
  }

  private static func seconds(_ arguments: Arguments) throws(UsageError) -> Double {
    guard let text = arguments.value("seconds") else { return 1.5 }
    guard let seconds = Double(text), seconds >= 0, seconds <= 86_400 else {
      throw UsageError("--seconds: \"\(text)\" is not a number of seconds")
    }
    return seconds
  }

  private static let profiledRuns = 10

  private static func profile(
    _ workload: PreparedWorkload, on device: Device
  ) throws -> [OperationTime] {
    try profiled(on: device) { for _ in 0..<profiledRuns { try workload.run() } }.times
  }

  /// Of one run.
  private static func milliseconds(_ operation: OperationTime) -> Double {
    operation.seconds * 1000 / Double(profiledRuns)
  }

  private static func member(_ operation: OperationTime) -> JSON {
    .object([
      "operation": .string(operation.name), "count": .integer(operation.count / profiledRuns),
      "ms": .number(milliseconds(operation).rounded(significant: 5)),
    ])
  }

  private static func members(_ timing: Timing) -> [(String, JSON)] {
    var members: [(String, JSON)] = [
      ("ms", .number(timing.median.rounded(significant: 5))),
      ("min_ms", .number(timing.minimum.rounded(significant: 5))),
      ("runs", .integer(timing.runs)),
    ]
    switch timing.rate {
    case .gigaflops(let rate): members.append(("gflop_s", .number(rate.rounded(significant: 5))))
    case .gigabytes(let rate): members.append(("gb_s", .number(rate.rounded(significant: 5))))
    case nil: break
    }
    return members
  }

  private static func row(_ workload: Workload, _ timing: Timing) -> [String] {
    let rate =
      switch timing.rate {
      case .gigaflops(let rate): "\(rate.fixed(1)) GFLOP/s"
      case .gigabytes(let rate): "\(rate.fixed(1)) GB/s"
      case nil: ""
      }
    return [
      workload.name, timing.median.fixed(3), timing.minimum.fixed(3), "\(timing.runs)", rate, "",
    ]
  }
}
