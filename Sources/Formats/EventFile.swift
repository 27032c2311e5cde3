public import Geometry
internal import Glibc

/// Writes the event files that TensorBoard shows: scalars and histograms over training steps.
///
/// A record is written by one system call, so whatever reads along sees whole records, and a
/// process that ends at any moment leaves at most one partial record at the end. A file that
/// exists is continued: such a partial record is cut off first.
///
///     let events = try EventFileWriter(folder: "runs/lenet")
///     try events.write(scalar: "loss", value: 0.31, step: 100)
public final class EventFileWriter: Sendable {
  public let path: String
  private let descriptor: Int32

  private static let operation = "EventFileWriter"

  /// Opens the event file at `path`, or makes it. TensorBoard finds files that have
  /// `tfevents` in their names.
  public init(path: String) throws(TensorError) {
    self.path = path
    let descriptor = retryingInterrupted {
      open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0o666)
    }
    guard descriptor >= 0 else {
      throw systemError(Self.operation, "cannot open \(quotedPath(path))")
    }
    do throws(TensorError) {
      let size = try wholeRecordsByteCount(path: path, operation: Self.operation)
      guard retryingInterrupted({ ftruncate(descriptor, off_t(size)) }) == 0 else {
        throw systemError(Self.operation, "cannot shorten \(quotedPath(path))")
      }
      self.descriptor = descriptor
      if size == 0 { try write(EventMessage.version(wallTime: Self.now)) }
    } catch {
      close(descriptor)
      throw error
    }
  }

  /// Makes an event file of its own in `folder`, which must exist, named as TensorBoard expects.
  public convenience init(folder: String) throws(TensorError) {
    var host = [CChar](repeating: 0, count: 256)
    let known = gethostname(&host, host.count - 1) == 0
    let name =
      known
      ? String(decoding: host.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      : "host"
    try self.init(path: "\(folder)/events.out.tfevents.\(Int(Self.now)).\(name).\(getpid())")
  }

  deinit { close(descriptor) }

  /// Adds `value` to the curve called `name`. TensorBoard keeps it as a float. `wallTime` is in
  /// seconds since 1970; now if nil.
  public func write(
    scalar name: String, value: Double, step: Int, wallTime: Double? = nil
  ) throws(TensorError) {
    try write(
      EventMessage.scalar(name, value, step: step, wallTime: wallTime ?? Self.now))
  }

  /// Adds the distribution of `values` to the histograms called `name`.
  ///
  /// Values that are not finite are left out.
  public func write(
    histogram name: String, values: some Collection<Float>, step: Int, wallTime: Double? = nil
  ) throws(TensorError) {
    try write(histogram: name, EventHistogram(values), step: step, wallTime: wallTime)
  }

  /// Adds a histogram that was counted elsewhere.
  public func write(
    histogram name: String, _ histogram: EventHistogram, step: Int, wallTime: Double? = nil
  ) throws(TensorError) {
    guard histogram.limits.count == histogram.counts.count else {
      throw TensorError(
        .argument, Self.operation,
        "histogram \(quoted(name)): \(histogram.limits.count) limits for "
          + "\(histogram.counts.count) counts")
    }
    try write(
      EventMessage.histogram(name, histogram, step: step, wallTime: wallTime ?? Self.now))
  }

  /// Asks the system to bring what was written to the disk.
  public func flush() throws(TensorError) {
    guard retryingInterrupted({ fsync(descriptor) }) == 0 || errno == EINVAL else {
      throw systemError(Self.operation, "cannot flush \(quotedPath(path)) to the disk")
    }
  }

  private static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  private func write(_ message: [UInt8]) throws(TensorError) {
    var record: [UInt8] = []
    record.reserveCapacity(message.count + 16)
    record.appendLittleEndian(UInt64(message.count))
    record.appendLittleEndian(CRC32C.masked(record))
    record += message
    record.appendLittleEndian(CRC32C.masked(message))
    var done = 0
    while done < record.count {
      let count = record.withUnsafeBytes { bytes in
        retryingInterrupted {
          Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
        }
      }
      guard count >= 0 else {
        throw systemError(Self.operation, "cannot write \(quotedPath(path))")
      }
      done += count
    }
  }
}

/// How many values fall below each of rising limits, with their extremes and sums.
public struct EventHistogram: Hashable, Sendable {
  public var minimum = 0.0
  public var maximum = 0.0
  public var sum = 0.0
  public var sumOfSquares = 0.0
  /// The upper limits of the ranges, rising.
  public var limits: [Double]
  /// How many values fall in each range.
  public var counts: [Double]

  public init(
    minimum: Double, maximum: Double, sum: Double, sumOfSquares: Double, limits: [Double],
    counts: [Double]
  ) {
    self.minimum = minimum
    self.maximum = maximum
    self.sum = sum
    self.sumOfSquares = sumOfSquares
    self.limits = limits
    self.counts = counts
  }

  /// Counts the finite ones of `values` in `rangeCount` ranges of equal width.
  public init(_ values: some Collection<Float>, rangeCount: Int = 30) {
    let rangeCount = Swift.max(rangeCount, 1)
    var low = Double.infinity
    var high = -Double.infinity
    for value in values where value.isFinite {
      let value = Double(value)
      low = Swift.min(low, value)
      high = Swift.max(high, value)
      sum += value
      sumOfSquares += value * value
    }
    limits = []
    counts = []
    guard low <= high else { return }
    minimum = low
    maximum = high
    // A float's range and its thirtieth are finite in double precision.
    let width = (high - low) / Double(rangeCount)
    guard width > 0 else {
      limits = [high == 0 ? 1e-12 : high + abs(high) * 1e-6]
      counts = [Double(values.count { $0.isFinite })]
      return
    }
    limits = (1...rangeCount).map { $0 == rangeCount ? high : low + width * Double($0) }
    counts = [Double](repeating: 0, count: rangeCount)
    for value in values where value.isFinite {
      let range = Int((Double(value) - low) / width)
      counts[Swift.min(range, rangeCount - 1)] += 1
    }
  }
}
