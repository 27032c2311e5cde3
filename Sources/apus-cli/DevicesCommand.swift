internal import Backends
internal import Formats
internal import Geometry
internal import Tensors

/// `apus devices`: what can be computed on.
enum DevicesCommand: Verb {
  static let name = "devices"
  static let summary = "Lists the devices of this machine and the one that \"auto\" picks."
  static let positionals: [String] = []
  static let options = [Option.json]
  static let details = """
    The names are what --device and APUS_DEVICE take. OpenCL devices are numbered over all
    platforms: GPUs, then accelerators, then CPUs. "auto" is the first GPU, else "cpu".
    """

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let devices = try Device.available()
    let automatic = try Device.automatic().name
    let reason =
      devices.contains { $0.device == automatic && $0.kind == .gpu }
      ? "the first GPU" : "there is no GPU that speaks OpenCL"
    if arguments.has("json") {
      for device in devices {
        try Output.json(members(device, reason: device.device == automatic ? reason : nil))
      }
    } else {
      let rows = devices.map(row)
      let table = Table(fitting: rows, columns)
      try Output.text(table.header)
      for row in rows { try Output.text(table.line(row)) }
      try Output.text("auto is \(automatic): \(reason)")
    }
    if devices.count == 1 { noteMissingOpenCL() }
    return .done
  }

  private static func members(
    _ device: DeviceInformation, reason: String?
  ) -> [(String, JSON)] {
    var members: [(String, JSON)] = [
      ("device", .string(device.device)), ("platform", .string(device.platform)),
      ("name", .string(device.name)), ("type", .string(device.kind.rawValue)),
      ("driver", .string(device.driver)), ("compute_units", .integer(device.computeUnits)),
      ("memory_bytes", .integer(device.memoryBytes)),
      ("max_allocation_bytes", .integer(device.maximumAllocationBytes)),
      ("local_memory_bytes", .integer(device.localMemoryBytes)),
      ("max_work_group", .integer(device.maximumWorkGroup)),
      ("float64", .bool(device.hasFloat64)), ("float16", .bool(device.hasFloat16)),
      ("auto", .bool(reason != nil)),
    ]
    if let reason { members.append(("reason", .string(reason))) }
    return members
  }

  private static let columns: [Column] = [
    .text("device", 0), .text("type", 0), .text("name", 0), .text("platform", 0),
    .text("driver", 0), .number("units", 0), .number("memory", 0), .text("float64", 0),
    .text("float16", 0),
  ]

  private static func row(_ device: DeviceInformation) -> [String] {
    [
      device.device, device.kind.rawValue, device.name, device.platform, device.driver,
      "\(device.computeUnits)", "\((Double(device.memoryBytes) / 0x1p30).fixed(1)) GiB",
      device.hasFloat64 ? "yes" : "no", device.hasFloat16 ? "yes" : "no",
    ]
  }

  /// Says on standard error why only the CPU is listed.
  private static func noteMissingOpenCL() {
    do {
      _ = try Device.openCL()
    } catch {
      Output.note("apus devices: \(error)")
    }
  }
}
