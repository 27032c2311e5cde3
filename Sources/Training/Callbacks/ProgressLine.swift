internal import Glibc

/// Where the training is, on standard error: one live line on a terminal, else a line an epoch.
///
/// A trainer has one by itself; `trainer.progress = nil` is quiet. The line has the rate, the time
/// that is left, the means so far, and the share of the time that was spent waiting for data.
public final class ProgressLine: Callback {
  public enum Style: Sendable {
    /// Live where standard error is a terminal that can move its cursor, else plain.
    case automatic
    /// One line that is written again and again.
    case live
    /// Lines only, as a file or a log has them.
    case plain
  }

  public let isRecorder = true
  private let isLive: Bool
  private let isColored: Bool
  private let width: () -> Int
  private let write: (String) -> Void
  private var lastDrawing = ContinuousClock.now - .seconds(60)
  private var isLineOpen = false
  private var phaseStart = ContinuousClock.now
  private var firstStep = 0
  private var isValidating = false
  private var warned = 0

  /// - Parameters:
  ///   - style: how it looks. Colours are left out where the environment has `NO_COLOR`.
  ///   - output: takes the text instead of standard error.
  public init(_ style: Style = .automatic, output: ((String) -> Void)? = nil) {
    let isTerminal = isatty(STDERR_FILENO) == 1 && Self.environment("TERM") != "dumb"
    isLive = style == .live || (style == .automatic && isTerminal && output == nil)
    isColored = isLive && (Self.environment("NO_COLOR") ?? "").isEmpty
    if let output {
      write = output
      width = { 120 }
    } else {
      write = Self.writeToStandardError
      width = Self.terminalWidth
    }
  }

  private static func writeToStandardError(_ text: String) {
    var text = text
    // By its number: the variable of the C library is not safe to read from Swift.
    text.withUTF8 { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  private static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }

  private static func terminalWidth() -> Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}

// The training
extension ProgressLine {
  public func began(_ context: TrainingContext) {
    warned = 0
    guard context.isResumed else { return }
    line("goes on after step \(context.step), in epoch \(context.epoch)")
  }

  public func epochBegan(_ context: TrainingContext) {
    phaseStart = .now
    firstStep = context.stepInEpoch
    isValidating = false
  }

  public func stepEnded(_ context: TrainingContext) throws {
    guard isDue else { return }
    showWarnings(context)
    let done = context.stepInEpoch
    try draw(
      "epoch \(context.epoch)/\(context.epochs)", done, of: context.stepsPerEpoch,
      since: done - firstStep,
      samples: Double(context.samplesInEpoch) / Double(max(1, done)),
      values: context.runningValues(), waiting: share(context.waited, context.seconds))
  }

  public func validationStepEnded(_ context: TrainingContext) throws {
    if !isValidating {
      isValidating = true
      phaseStart = .now
    }
    guard isDue else { return }
    try draw(
      "epoch \(context.epoch)/\(context.epochs) validation", context.validationStep,
      of: context.validationSteps, since: context.validationStep, samples: nil,
      values: context.runningValues(), waiting: nil)
  }

  public func epochEnded(_ context: TrainingContext) {
    showWarnings(context)
    let seconds = max(context.seconds, 1e-9)
    var parts = ["epoch \(context.epoch)/\(context.epochs)"]
    parts.append(Self.text(of: context.values))
    parts.append("\(Self.duration(seconds + context.validationSeconds))")
    parts.append("\(Self.rate(Double(context.samplesInEpoch) / seconds)) samples/s")
    parts.append("\(share(context.waited, seconds)) waiting")
    line(parts.joined(separator: separator))
  }

  public func ended(_ context: TrainingContext) {
    showWarnings(context)
    switch context.outcome {
    case .running, .finished: closeLine()
    case .stopped(let reason): line("stopped: \(reason)")
    case .cancelled: line("cancelled after step \(context.step)")
    case .failed: closeLine()
    }
  }

  private func showWarnings(_ context: TrainingContext) {
    for warning in context.warnings.dropFirst(warned) { line("warning: \(warning)") }
    warned = context.warnings.count
  }
}

// An evaluation alone
extension ProgressLine {
  func evaluationBegan(steps: Int?) { phaseStart = .now }

  func evaluationStepEnded(_ step: Int, of steps: Int?, _ values: [String: Double]) {
    guard isDue else { return }
    draw("evaluation", step, of: steps, since: step, samples: nil, values: values, waiting: nil)
  }

  func evaluationEnded(_ values: [String: Double]) {
    let seconds = (ContinuousClock.now - phaseStart).seconds
    line("evaluation" + separator + Self.text(of: values) + separator + Self.duration(seconds))
  }
}

// Lines
extension ProgressLine {
  private var separator: String { " · " }

  /// Ten times a second on a terminal; elsewhere a line for every half minute.
  private var isDue: Bool {
    let now = ContinuousClock.now
    if !isLive, now - phaseStart < .seconds(30) { return false }
    guard now - lastDrawing >= (isLive ? .milliseconds(100) : .seconds(30)) else { return false }
    lastDrawing = now
    return true
  }

  private func draw(
    _ phase: String, _ done: Int, of total: Int?, since steps: Int, samples: Double?,
    values: [String: Double], waiting: String?
  ) {
    let seconds = (ContinuousClock.now - phaseStart).seconds
    let stepsPerSecond = Double(steps) / max(seconds, 1e-9)
    var parts = [phase, total.map { "\(done)/\($0)" } ?? "\(done)"]
    if let samples {
      parts.append("\(Self.rate(stepsPerSecond * samples)) samples/s")
    } else {
      parts.append("\(Self.rate(stepsPerSecond)) batches/s")
    }
    if let total, stepsPerSecond > 0, total > done {
      parts.append("\(Self.duration(Double(total - done) / stepsPerSecond)) left")
    }
    parts.append(Self.text(of: values))
    if let waiting { parts.append("\(waiting) waiting") }
    var text = parts.joined(separator: separator)
    guard isLive else { return write(text + "\n") }
    text = String(text.prefix(max(10, width() - 1)))
    if isColored, text.hasPrefix(phase) {
      text = "\u{1B}[1m\(phase)\u{1B}[0m" + text.dropFirst(phase.count)
    }
    write("\r\u{1B}[K" + text)
    isLineOpen = true
  }

  private func line(_ text: String) {
    write((isLineOpen ? "\r\u{1B}[K" : "") + text + "\n")
    isLineOpen = false
  }

  private func closeLine() {
    if isLineOpen { write("\n") }
    isLineOpen = false
  }

  private func share(_ part: Double, _ whole: Double) -> String {
    "\(Int((100 * min(1, max(0, part / max(whole, 1e-9)))).rounded())) %"
  }

  /// `loss 0.4213, accuracy 0.8524`: the loss first, that of validation after its like.
  static func text(of values: [String: Double]) -> String {
    func place(_ name: String) -> (Int, String, Int) {
      let plain = name.hasPrefix("val_") ? String(name.dropFirst(4)) : name
      let rank = plain == "loss" ? 0 : plain == "learning_rate" ? 2 : 1
      return (name.hasPrefix("val_") ? 1 : 0, plain, rank)
    }
    let names = values.keys.filter { $0 != "learning_rate" }.sorted {
      let (a, b) = (place($0), place($1))
      return (a.0, a.2, a.1) < (b.0, b.2, b.1)
    }
    return names.map { "\($0) \(number(values[$0] ?? .nan))" }.joined(separator: ", ")
  }

  /// Four significant digits.
  static func number(_ value: Double) -> String {
    guard value.isFinite else { return "\(value)" }
    let size = abs(value)
    if size != 0, size < 1e-3 || size >= 1e6 { return formatted("%.3e", value) }
    return formatted(size < 1 ? "%.4f" : size < 100 ? "%.3f" : "%.1f", value)
  }

  static func rate(_ value: Double) -> String {
    guard value.isFinite else { return "0" }
    if value >= 1e6 { return formatted("%.2f M", value / 1e6) }
    return value >= 1e4
      ? formatted("%.1f k", value / 1e3) : formatted(value < 10 ? "%.1f" : "%.0f", value)
  }

  /// `8.3 s`, `2:05`, `1:02:05`.
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "?" }
    if seconds < 60 { return formatted("%.1f s", seconds) }
    let whole = Int(seconds.rounded())
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return hours > 0 ? "\(hours):\(two(minutes)):\(two(rest))" : "\(minutes):\(two(rest))"
  }

  private static func formatted(_ format: String, _ value: Double) -> String {
    var buffer = [CChar](repeating: 0, count: 64)
    let count = withVaList([value]) { vsnprintf(&buffer, buffer.count, format, $0) }
    return String(
      decoding: buffer.prefix(max(0, min(63, Int(count)))).map { UInt8(bitPattern: $0) },
      as: UTF8.self)
  }
}
