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

/// Adds up the time of kernels by their names. Used under the engine's lock.
final class Stopwatch: @unchecked Sendable {
  // Unchecked: written under the lock of the one engine that has it, read when it has none.
  private let backend: any Backend
  private var totals: [String: (count: Int, seconds: Double)] = [:]

  init(_ backend: any Backend) { self.backend = backend }

  var times: [OperationTime] {
    totals.map { OperationTime(name: $0.key, count: $0.value.count, seconds: $0.value.seconds) }
      .sorted { ($0.seconds, $1.name) > ($1.seconds, $0.name) }
  }

  func time(_ name: String, _ body: () throws(TensorError) -> Void) throws(TensorError) {
    let start = seconds()
    try body()
    try backend.synchronize()
    let total = totals[name] ?? (0, 0)
    totals[name] = (total.count + 1, total.seconds + seconds() - start)
  }

  private func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
