internal import Backends
public import Geometry

/// What the memory of a device is used for, in bytes.
public struct MemoryStatistics: Sendable, Equatable {
  /// In buffers that tensors hold.
  public let inUse: Int
  /// Kept for tensors to come.
  public let cached: Int
  /// The most that has been in use.
  public let peak: Int
  /// How often the device was asked for memory.
  public let allocations: Int
  /// How often kept memory served instead.
  public let reuses: Int
  /// How often memory was found only after everything kept had been given back.
  public let allocationRetries: Int
  /// How often the host did a kernel's work on a device with memory of its own: linear algebra.
  public let hostRoundTrips: Int
  /// The bytes that were copied to the host and back for it.
  public let hostBytes: Int
}

extension Device {
  /// What its pool of buffers holds now, and has done so far.
  public var memory: MemoryStatistics {
    get throws(TensorError) {
      let found = try place.backend.memory.statistics
      return MemoryStatistics(
        inUse: found.inUse, cached: found.cached, peak: found.peak,
        allocations: found.allocations, reuses: found.reuses,
        allocationRetries: found.allocationRetries, hostRoundTrips: found.hostRoundTrips,
        hostBytes: found.hostBytes)
    }
  }

  /// Sets the most that may be in use and kept together. `APUS_MEMORY_LIMIT` sets it from outside.
  public func setMemoryLimit(bytes: Int) throws(TensorError) {
    guard bytes > 0 else {
      throw TensorError(.argument, "setMemoryLimit", "\(bytes) bytes are no limit")
    }
    try place.backend.memory.limit = bytes
  }

  /// Gives what is kept back to the device.
  public func emptyCache() throws(TensorError) { try place.backend.memory.empty() }

  /// Starts measuring the peak anew.
  public func resetPeakMemory() throws(TensorError) { try place.backend.memory.resetPeak() }
}
