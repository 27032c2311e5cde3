internal import Glibc
internal import Training

/// Ctrl-C and SIGTERM while something runs that is to end in good order: the step is finished and a
/// checkpoint written. A second signal ends the process at once.
enum Interruption {
  /// What the signals cancel.
  static let token = CancellationToken()
  // Written by a handler of signals, which may only store a word; read when the training has ended.
  nonisolated(unsafe) private static var received: Int32 = 0

  /// What the process is to end with, after a training that was cancelled.
  static var exitCode: ExitCode { received == SIGTERM ? .terminated : .cancelled }

  /// Has the two signals cancel `token` from now on.
  static func begin() {
    // Made now: a handler must not be the first to touch it.
    token.reset()
    received = 0
    for number in [SIGINT, SIGTERM] { signal(number) { Interruption.handle($0) } }
  }

  /// Goes back to what the process did before.
  static func end() { installSignalHandlers() }

  private static func handle(_ number: Int32) {
    if received != 0 { _exit(number == SIGTERM ? 143 : 130) }
    received = number
    token.cancel()
  }
}
