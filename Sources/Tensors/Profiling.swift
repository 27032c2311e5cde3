internal import Backends
public import Geometry
internal import Glibc

/// What the kernels of one operation took.
public struct OperationTime: Sendable, Hashable {
  /// As plans name it: `conv2D, relu`.
  public let name: String
  /// How often it ran.
  public let count: Int
  /// All runs together.
  public let seconds: Double
}

/// Runs `body` and returns with its value what took the time on `device`, the longest first.
///
///     let (_, times) = try profiled { try trainer.step(batch) }
///     for time in times.prefix(5) { print(time.name, time.count, time.seconds) }
///
/// Each kernel is waited for, so that the whole takes longer than without. Kernels that other tasks
/// start on the device meanwhile are counted too.
public func profiled<Value>(
  on device: Device? = nil, _ body: () throws -> Value
) throws(TensorError) -> (value: Value, times: [OperationTime]) {
  let device = try Device.resolved(device)
  let stopwatch = Stopwatch(try device.place.backend)
  let engine = device.place.engine
  let outer = engine.exchangeStopwatch(stopwatch)
  let result = Result { try body() }
  _ = engine.exchangeStopwatch(outer)
  do { return (try result.get(), stopwatch.times) } catch { throw error.asTensorError }
}

/// Adds up the time of kernels. Used under the engine's lock.
final class Stopwatch: @unchecked Sendable {
  // Unchecked: written under the lock of the one engine that has it, read when it has none.
  private let device: any DeviceAccess
  /// Held, so that none takes another's place.
  @exclusivity(unchecked) private var totals:
    ContiguousArray<(kernel: any Kernel, count: Int, seconds: Double)> = []
  @exclusivity(unchecked) private var numbers: [ObjectIdentifier: Int] = [:]
  /// Where the total of the kernel after the last one is, if it comes as it did before.
  @exclusivity(unchecked) private var next = 0

  init(_ device: any DeviceAccess) { self.device = device }

  var times: [OperationTime] {
    Dictionary(grouping: totals, by: \.kernel.label).map { name, totals in
      OperationTime(
        name: name, count: totals.reduce(0) { $0 + $1.count },
        seconds: totals.reduce(0) { $0 + $1.seconds })
    }
    .sorted { ($0.seconds, $1.name) > ($1.seconds, $0.name) }
  }

  func run(_ kernel: any Kernel, _ call: Call) throws(TensorError) {
    let start = seconds()
    try kernel.run(call)
    try device.synchronize()
    let taken = seconds() - start
    let number = number(of: kernel)
    totals[number].count += 1
    totals[number].seconds += taken
    next = number + 1
  }

  private func number(of kernel: any Kernel) -> Int {
    if next < totals.count, totals[next].kernel === kernel { return next }
    let id = ObjectIdentifier(kernel)
    if let number = numbers[id] { return number }
    totals.append((kernel, 0, 0))
    numbers[id] = totals.count - 1
    return totals.count - 1
  }

  private func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
