internal import Formats
internal import Geometry
internal import OpenCLBackend
internal import Tensors

/// `apus kernels tune`: which cuts of products are fastest on a device.
enum KernelsTune {
  static func run(_ arguments: Arguments) throws -> ExitCode {
    let device = try Device.named(arguments.value("device") ?? "opencl")
    guard let index = device.name.split(separator: ":").dropFirst().first.flatMap({ Int($0) })
    else { throw UsageError("cpu has nothing to tune: --device opencl or opencl:N") }
    let seconds = try arguments.number("seconds", in: 0.001...60) ?? 0.1
    let tuner = try Tuner(index: index)
    let sizes = try arguments.selected(tuner.sizes) { $0.name }
    let isJSON = arguments.has("json")
    let (known, isDamaged) = tuner.files.load()
    if isDamaged { Output.note("apus kernels tune: \(tuner.files.path) is damaged and made anew") }
    var table = known
    if !isJSON {
      try Output.text("\(device.name): \(tuner.information.name), \(tuner.information.driver)")
      try Output.text(columns.header)
    }
    for size in sizes {
      guard let finding = try tuner.measure(size, seconds: seconds) else {
        Output.note("apus kernels tune: \(size.name) takes too long on this device to be tried")
        continue
      }
      // A size that is best as usual keeps a larger one's choice from being taken for it.
      table.add(finding.entry)
      for (name, reason) in finding.rejected {
        Output.note("apus kernels tune: \(size.name) with \(name): \(reason)")
      }
      guard isJSON else {
        try Output.text(line(finding.entry))
        continue
      }
      try Output.json(
        [("device", .string(device.name))] + members(finding.entry) + [
          ("timed", .integer(finding.timed)),
          ("rejected", .array(finding.rejected.map { .string($0.name) })),
        ])
    }
    try tuner.files.store(table)
    if !isJSON { try Output.text("kept in \(tuner.files.path)") }
    return .done
  }

  private static let columns = Table([
    .text("product", 32), .number("before ms", 10), .number("after ms", 10),
    .number("GFLOP/s", 9), .number("faster", 7), .text("cut", 16),
  ])

  private static func line(_ entry: TuningTable.Entry) -> String {
    columns.line([
      entry.size.name, "\(entry.usualMilliseconds.rounded(significant: 4))",
      "\(entry.milliseconds.rounded(significant: 4))",
      "\((entry.size.operations / entry.milliseconds * 1e-6).rounded(significant: 4))",
      "\((entry.usualMilliseconds / entry.milliseconds).fixed(2))", entry.cutName,
    ])
  }

  private static func members(_ entry: TuningTable.Entry) -> [(String, JSON)] {
    [
      ("product", .string(entry.size.name)), ("before_ms", .number(entry.usualMilliseconds)),
      ("after_ms", .number(entry.milliseconds)),
      ("gflop_s", .number(entry.size.operations / entry.milliseconds * 1e-6)),
      ("cut", .string(entry.cutName)),
    ]
  }
}

extension TuningTable.Entry {
  /// What tables and JSON call the cut.
  var cutName: String { choice?.name ?? "usual" }
}

extension KernelsTune {
  /// What was tuned for the OpenCL devices that there are.
  static func list(_ arguments: Arguments) throws {
    let devices = (try? OpenCLBackend.devices()) ?? []
    for (index, information) in devices.enumerated() {
      if let name = arguments.value("device"), name != "opencl" || index > 0,
        name != information.device
      {
        continue
      }
      guard let files = try TuningFiles(deviceIndex: index) else { continue }
      let (table, isDamaged) = files.load()
      if isDamaged {
        Output.note(
          "apus kernels list: \(files.path) is damaged and not used; apus kernels tune makes it anew"
        )
      }
      guard !table.entries.isEmpty else { continue }
      if !arguments.has("json") {
        try Output.text("\ntuned for \(information.device), \(information.name)")
        try Output.text(columns.header)
      }
      for entry in table.entries {
        if arguments.has("json") {
          try Output.json([("device", .string(information.device))] + members(entry))
        } else {
          try Output.text(line(entry))
        }
      }
    }
  }
}
