internal import Formats
internal import Geometry

/// `apus doctor`: explains what is computed on, step by step, and how to mend what is wrong.
enum DoctorCommand: Verb {
  static let name = "doctor"
  static let summary = "Explains the OpenCL stack of this machine and how to mend it."
  static let positionals: [String] = []
  static let options = [Option.json]
  static let details = """
    Looks at the processor's kernels and OpenBLAS, the OpenCL loader, the files that name drivers, the
    platforms and devices they bring, and the cache of built programs; runs kernels on every device
    and compares the numbers. The exit code is 1 if it found a fault.
    """

  /// As wide as the longest step of usual machines.
  private static let stepWidth = 16

  static func run(_ arguments: Arguments) throws -> ExitCode {
    var faults = 0
    // Each is shown before the next is made: a driver that hangs is seen to.
    for check in [
      ProcessorCheck.findings, OpenCLCheck.findings, DeviceCheck.findings, CacheCheck.findings,
    ] {
      for finding in check() {
        if finding.verdict == .fault { faults += 1 }
        if arguments.has("json") {
          try Output.json(finding.members)
        } else {
          try Output.text(finding.text(stepWidth: stepWidth))
        }
      }
    }
    if !arguments.has("json") {
      try Output.text(
        faults == 0
          ? "\nNothing is wrong."
          : "\n\(faults) \(faults == 1 ? "thing is" : "things are") wrong; "
            + "the device cpu works without OpenCL.")
    }
    return faults == 0 ? .done : .failed
  }
}

/// What one step of the examination found.
struct Finding {
  enum Verdict: String { case ok, note, fault }

  let step: String
  let verdict: Verdict
  let detail: String
  /// What mends it: a command for the shell, or a sentence.
  let remedy: String?

  init(_ step: String, _ verdict: Verdict, _ detail: String, remedy: String? = nil) {
    self.step = step
    self.verdict = verdict
    self.detail = detail
    self.remedy = remedy
  }

  var members: [(String, JSON)] {
    var members: [(String, JSON)] = [
      ("step", .string(step)), ("verdict", .string(verdict.rawValue)), ("detail", .string(detail)),
    ]
    if let remedy { members.append(("remedy", .string(remedy))) }
    return members
  }

  func text(stepWidth: Int) -> String {
    let mark = verdict == .fault ? "FAULT" : verdict.rawValue
    let first = "\(mark.padded(to: 5))  \(step.padded(to: stepWidth))  \(detail)"
    guard let remedy else { return first }
    return first + "\n" + "".padded(to: stepWidth + 9) + "→ \(remedy)"
  }
}
