package import Geometry

/// Device memory by size: what is freed is kept for the next request of about that size.
///
/// Buffers are given back in the order of the device's queue, so one may be used again at once,
/// whatever still runs on it. Full, it frees what it keeps and tries once more.
package final class MemoryPool: @unchecked Sendable {
  package struct Statistics: Sendable, Equatable {
    /// Bytes in buffers that somebody holds, as requested.
    package var inUse = 0
    /// Bytes kept for reuse.
    package var cached = 0
    /// The most that has been in use.
    package var peak = 0
    /// How often the device was asked for memory, and how often a kept buffer served.
    package var allocations = 0, reuses = 0
    /// How often an allocation succeeded only after the pool was emptied.
    package var allocationRetries = 0
  }

  private let lock = Lock()
  private let device: String
  private let allocateRaw: @Sendable (Int) -> (UnsafeMutableRawPointer?, Int32)
  private let releaseRaw: @Sendable (UnsafeMutableRawPointer) -> Void
  private var free: [Int: [UnsafeMutableRawPointer]] = [:]
  private var counters = Statistics()
  private var limitBytes: Int
  private var exactSizes = false
  /// What the device has in all, for messages.
  package let totalBytes: Int
  /// The most it gives at once.
  private let maximumAllocationBytes: Int

  /// - Parameters:
  ///   - allocate: returns memory of that many bytes, or nil and the device's error code.
  package init(
    device: String, totalBytes: Int, limitBytes: Int, maximumAllocationBytes: Int = .max,
    allocate: @escaping @Sendable (Int) -> (UnsafeMutableRawPointer?, Int32),
    release: @escaping @Sendable (UnsafeMutableRawPointer) -> Void
  ) {
    self.device = device
    self.totalBytes = totalBytes
    self.limitBytes = limitBytes
    self.maximumAllocationBytes = maximumAllocationBytes
    allocateRaw = allocate
    releaseRaw = release
  }

  deinit { for handles in free.values { handles.forEach(releaseRaw) } }

  package var statistics: Statistics { lock.withLock { counters } }

  /// The most bytes that may be in use and kept together.
  package var limit: Int {
    get { lock.withLock { limitBytes } }
    set { lock.withLock { limitBytes = newValue } }
  }

  /// Every buffer of its own exact size and none kept, so that checkers see each overrun.
  package var allocatesExactSizes: Bool {
    get { lock.withLock { exactSizes } }
    set {
      lock.withLock { exactSizes = newValue }
      if newValue { empty() }
    }
  }

  /// Starts measuring the peak anew.
  package func resetPeak() { lock.withLock { counters.peak = counters.inUse } }

  /// Gives everything that is kept back to the device.
  package func empty() { lock.withLock { releaseCached() } }

  package func allocate(byteCount: Int) throws(TensorError) -> DeviceBuffer {
    lock.acquire()
    defer { lock.release() }
    guard byteCount <= maximumAllocationBytes else {
      throw outOfMemory(byteCount, "one buffer has at most \(maximumAllocationBytes) bytes", nil)
    }
    let capacity =
      exactSizes
      ? max(byteCount, 1)
      : max(byteCount, min(Self.capacity(for: byteCount), maximumAllocationBytes))
    if let handle = free[capacity]?.popLast() {
      counters.cached -= capacity
      counters.reuses += 1
      return adopt(handle, byteCount, capacity)
    }
    if counters.inUse + counters.cached + capacity > limitBytes { releaseCached() }
    guard counters.inUse + capacity <= limitBytes else {
      throw outOfMemory(byteCount, "limit \(limitBytes) bytes", nil)
    }
    var (handle, code) = allocateRaw(capacity)
    if handle == nil {
      releaseCached()
      (handle, code) = allocateRaw(capacity)
      if handle != nil { counters.allocationRetries += 1 }
    }
    guard let handle else { throw outOfMemory(byteCount, "the device has no more", code) }
    counters.allocations += 1
    return adopt(handle, byteCount, capacity)
  }

  fileprivate func recycle(_ handle: UnsafeMutableRawPointer, capacity: Int) {
    lock.acquire()
    defer { lock.release() }
    counters.inUse -= capacity
    if exactSizes {
      releaseRaw(handle)
    } else {
      counters.cached += capacity
      free[capacity, default: []].append(handle)
    }
  }

  private func adopt(_ handle: UnsafeMutableRawPointer, _ byteCount: Int, _ capacity: Int)
    -> DeviceBuffer
  {
    counters.inUse += capacity
    counters.peak = max(counters.peak, counters.inUse)
    return DeviceBuffer(handle: handle, byteCount: byteCount, capacity: capacity, pool: self)
  }

  private func releaseCached() {
    for handles in free.values { handles.forEach(releaseRaw) }
    free = [:]
    counters.cached = 0
  }

  private func outOfMemory(_ requested: Int, _ reason: String, _ code: Int32?) -> TensorError {
    TensorError(
      .outOfMemory, "allocate",
      "\(requested) bytes on \(device): \(reason); \(counters.inUse) in use, \(counters.cached) kept, "
        + "peak \(counters.peak), device total \(totalBytes)",
      hint: "a smaller batch needs less", code: code)
  }

  /// Sizes are rounded to an eighth of their power of two, so that similar ones share buffers.
  private static func capacity(for byteCount: Int) -> Int {
    let minimum = max(byteCount, 256)
    let step = max(256, 1 << max(0, Int.bitWidth - minimum.leadingZeroBitCount - 4))
    return (minimum + step - 1) / step * step
  }
}

/// Memory on a device that goes back to its pool when nobody refers to it.
public final class DeviceBuffer: @unchecked Sendable {
  /// What the backend addresses the memory by: a pointer on the CPU, a `cl_mem` on OpenCL.
  package let handle: UnsafeMutableRawPointer
  /// The size that was asked for.
  package let byteCount: Int
  private let capacity: Int
  private let pool: MemoryPool

  fileprivate init(handle: UnsafeMutableRawPointer, byteCount: Int, capacity: Int, pool: MemoryPool)
  {
    self.handle = handle
    self.byteCount = byteCount
    self.capacity = capacity
    self.pool = pool
  }

  deinit { pool.recycle(handle, capacity: capacity) }
}
