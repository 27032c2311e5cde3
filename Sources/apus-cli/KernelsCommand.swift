internal import Formats
internal import Geometry
internal import Glibc
internal import Models
internal import OpenCLBackend
internal import Tensors

/// `apus kernels`: the built OpenCL programs that are kept on disk, and how products are cut.
enum KernelsCommand: Verb {
  static let name = "kernels"
  static let summary = "Lists, builds ahead, tunes, or removes what OpenCL devices are given."
  static let positionals = ["list|warm|tune|clear"]
  static let options = [
    Option.value("device", "D", "opencl or opencl:N; opencl if not given"),
    .value("model", "NAME", "of warm: only what this model needs"),
    .value("only", "REGEX", "of tune: only sizes in whose names the expression is found"),
    .value("seconds", "S", "of tune: how long each way is timed, 0.1 if not given"), .json,
  ]
  static let details = """
    list   prints what is kept: each program, its device, its size, the last use; what was tuned
    warm   trains every model by one small step, so that all programs it needs are built and kept
    tune   times the ways to cut matrix products and convolutions on a device, and keeps the fastest
    clear  removes everything that is kept

    Programs lie in $XDG_CACHE_HOME/apus/kernels, else ~/.cache/apus/kernels, at most 64 MiB; those not
    used for longest go first. What is kept is found by source, options, device, driver and platform.
    What was tuned lies beside them in apus/tuning. It changes how fast products are, not their bits.
    """

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let action = arguments.positionals[0]
    try refuseOptions(of: action, arguments)
    switch action {
    case "list": return try list(arguments)
    case "tune": return try KernelsTune.run(arguments)
    case "warm": return try warm(arguments)
    case "clear": return try clear(isJSON: arguments.has("json"))
    default:
      let known = ["list", "warm", "tune", "clear"]
      throw UsageError(
        "no action is called \"\(action)\"" + suggestion(for: action, among: known))
    }
  }

  /// Throws if an option is given that says nothing to the action.
  private static func refuseOptions(
    of action: String, _ arguments: Arguments
  ) throws(UsageError) {
    let known = [
      "list": [], "clear": [], "warm": ["device", "model"], "tune": ["device", "only", "seconds"],
    ]
    guard let own = known[action] else { return }
    for option in options where option.name != "json" && arguments.has(option.name) {
      guard own.contains(option.name) else {
        throw UsageError("--\(option.name) says nothing to \(action)")
      }
    }
  }

  private static func list(_ arguments: Arguments) throws -> ExitCode {
    let entries = KernelCache.entries()
    if arguments.has("json") {
      for entry in entries { try Output.json(members(entry)) }
      try KernelsTune.list(arguments)
      return .done
    }
    let rows = entries.map {
      [$0.program, $0.device, $0.platform, "\(($0.byteCount + 1023) / 1024)", age($0.lastUsed)]
    }
    let table = Table(
      fitting: rows,
      [
        .text("program", 0), .text("device", 0), .text("platform", 0), .number("KiB", 0),
        .number("last used", 0),
      ])
    if !rows.isEmpty { try Output.text(table.header) }
    for row in rows { try Output.text(table.line(row)) }
    let bytes = entries.reduce(0) { $0 + $1.byteCount }
    try Output.text(
      "\(entries.count) programs, \((Double(bytes) / 0x1p20).fixed(1)) MiB in "
        + (KernelCache.folder ?? "no folder: neither XDG_CACHE_HOME nor HOME is set"))
    try KernelsTune.list(arguments)
    return .done
  }

  private static func members(_ entry: KernelCache.Entry) -> [(String, JSON)] {
    [
      ("file", .string(entry.file)), ("program", .string(entry.program)),
      ("device", .string(entry.device)), ("platform", .string(entry.platform)),
      ("bytes", .integer(entry.byteCount)), ("last_used", .integer(entry.lastUsed)),
    ]
  }

  private static func age(_ lastUsed: Int) -> String {
    let seconds = max(0, time(nil) - lastUsed)
    switch seconds {
    case ..<120: return "\(seconds) s ago"
    case ..<7200: return "\(seconds / 60) min ago"
    case ..<172_800: return "\(seconds / 3600) h ago"
    default: return "\(seconds / 86400) days ago"
    }
  }

  private static func clear(isJSON: Bool) throws -> ExitCode {
    let (programs, tables) = (KernelCache.clear(), TuningFiles.clear())
    let removed = (files: programs.files + tables.files, bytes: programs.bytes + tables.bytes)
    if isJSON {
      try Output.json([("files", .integer(removed.files)), ("bytes", .integer(removed.bytes))])
    } else {
      try Output.text(
        "removed \(removed.files) files, \((Double(removed.bytes) / 0x1p20).fixed(1)) MiB")
    }
    return .done
  }

  private static func warm(_ arguments: Arguments) throws -> ExitCode {
    let device = try Device.named(arguments.value("device") ?? "opencl")
    guard device.name != "cpu" else {
      throw UsageError("cpu has no programs to build: --device opencl or opencl:N")
    }
    let models =
      try arguments.value("model").map { [try Architecture.named($0)] }
      ?? Architecture.all
    let clock = ContinuousClock()
    var known = Set(KernelCache.entries().map(\.file))
    for model in models {
      let start = clock.now
      try withDevice(device) { try WarmingStep.run(model) }
      try device.synchronize()
      try device.emptyCache()
      let entries = KernelCache.entries()
      let built = entries.filter { !known.contains($0.file) }.count
      known.formUnion(entries.map(\.file))
      let seconds = Double((clock.now - start) / .milliseconds(1)) / 1000
      if arguments.has("json") {
        try Output.json([
          ("model", .string(model.name)), ("device", .string(device.name)),
          ("built", .integer(built)), ("seconds", .number(seconds)),
        ])
      } else {
        try Output.text(
          "\(model.name.padded(to: 12))  \("\(built)".leftPadded(to: 4)) programs built"
            + "  \(seconds.fixed(1).leftPadded(to: 6)) s")
      }
    }
    return .done
  }
}
