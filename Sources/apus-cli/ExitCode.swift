internal import Geometry
internal import Glibc

/// What `apus` ends with; scripts rely on the numbers.
enum ExitCode: Int32 {
  case done = 0
  /// It ran, and something is wrong: a case or a workload failed.
  case failed = 1
  case usage = 2
  case badData = 65
  case noInput = 66
  case device = 69
  case internalError = 70
  case io = 74
  case outOfMemory = 75
  case numeric = 76
  case cancelled = 130
  /// SIGTERM.
  case terminated = 143

  init(_ error: TensorError) {
    self =
      switch error.kind {
      case .argument: .usage
      case .shape, .dtype, .index, .corruptFile, .unsupportedFile: .badData
      case .device, .deviceLost, .kernelBuild, .nondeterministic: .device
      case .io: error.code == ENOENT ? .noInput : .io
      case .outOfMemory: .outOfMemory
      case .numeric: .numeric
      case .cancelled: .cancelled
      }
  }
}
