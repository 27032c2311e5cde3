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
    /// How often the host did a kernel's work, and the bytes that were copied to it and back.
    package var hostRoundTrips = 0, hostBytes = 0
  }

  private let lock = Lock()
  private let device: String
  private let allocateRaw: @Sendable (Int) -> (UnsafeMutableRawPointer?, Int32)
  private let releaseRaw: @Sendable (UnsafeMutableRawPointer) -> Void
  // What the lock guards needs no other check that one uses it at a time.
  /// What is kept, by size class.
  @exclusivity(unchecked) private var free = [[UnsafeMutableRawPointer]](
    repeating: [], count: SizeClass.count)
  @exclusivity(unchecked) private var counters = Statistics()
  @exclusivity(unchecked) private var limitBytes: Int
  @exclusivity(unchecked) private var exactSizes = false
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

  deinit { for handles in free { handles.forEach(releaseRaw) } }

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

  /// Notes that the host does a kernel's work in memory of its own.
  package func countRoundTrip(bytes: Int) {
    lock.withLock {
      counters.hostRoundTrips += 1
      counters.hostBytes += bytes
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
    let size = SizeClass(for: byteCount)
    let isExact = exactSizes || size.byteCount > maximumAllocationBytes
    let capacity = isExact ? max(byteCount, 1) : size.byteCount
    if !isExact, let handle = free[size.index].popLast() {
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
    let size = SizeClass(for: capacity)
    lock.acquire()
    defer { lock.release() }
    counters.inUse -= capacity
    // What was made in its exact size belongs to no class.
    if exactSizes || size.byteCount != capacity {
      releaseRaw(handle)
    } else {
      counters.cached += capacity
      free[size.index].append(handle)
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
    for index in free.indices {
      free[index].forEach(releaseRaw)
      free[index] = []
    }
    counters.cached = 0
  }

  private func outOfMemory(_ requested: Int, _ reason: String, _ code: Int32?) -> TensorError {
    TensorError(
      .outOfMemory, "allocate",
      "\(requested) bytes on \(device): \(reason); \(counters.inUse) in use, \(counters.cached) kept, "
        + "peak \(counters.peak), device total \(totalBytes)",
      hint: "a smaller batch needs less", code: code)
  }
}

/// Sizes rounded up to an eighth of their power of two, so that similar ones share buffers.
private struct SizeClass {
  let byteCount: Int
  let index: Int

  private static let smallest = 256
  static let count = Int.bitWidth * 8

  init(for byteCount: Int) {
    let needed = max(byteCount, Self.smallest)
    let step = max(Self.smallest, 1 << max(0, Self.exponent(of: needed) - 3))
    self.byteCount = (needed + step - 1) / step * step
    // Rounding up may have reached the next power of two.
    let exponent = Self.exponent(of: self.byteCount)
    index = exponent * 8 + (self.byteCount >> (exponent - 3)) & 7
  }

  private static func exponent(of number: Int) -> Int {
    Int.bitWidth - 1 - number.leadingZeroBitCount
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
