package import Backends
internal import COpenBLAS
internal import CPUKernels
package import Geometry
internal import Glibc

/// The processor this process runs on: kernels run at once, on a pool of threads that all backends
/// of the process share.
package final class CPUBackend: DeviceAccess {
  package let name = "cpu"
  package let information: DeviceInformation
  package let memory: MemoryPool

  /// The backend with as many threads as `APUS_THREADS` says, or one for each core, and at most
  /// `APUS_MEMORY_LIMIT` bytes of memory, or nine tenths of what there is.
  package static func make() throws(TensorError) -> CPUBackend {
    let threads = try environment("APUS_THREADS", atMost: 256) ?? Int(threads_available())
    let total = physicalMemory
    let limit = try environment("APUS_MEMORY_LIMIT", atMost: .max) ?? total / 10 * 9
    threadCount = threads
    return CPUBackend(totalBytes: total, limitBytes: limit)
  }

  /// How many threads kernels run on, of all backends. Results do not depend on it.
  package static var threadCount: Int {
    get { Int(threads_count()) }
    set { threads_set_count(Int32(clamping: newValue)) }
  }

  /// The generation of processors that the vectorised loops run as: `x86-64-v3`.
  package static var cloneName: String { String(cString: cpu_clone_name()) }

  /// Work is shared out here; OpenBLAS's own threads would only be in the way. Once: asked again,
  /// it would start them first.
  private static let endsThreads: Void = openblas_end_threads()

  private init(totalBytes: Int, limitBytes: Int) {
    Self.endsThreads
    memory = MemoryPool(
      device: "cpu", totalBytes: totalBytes, limitBytes: limitBytes,
      allocate: Self.allocate, release: { free($0) })
    information = DeviceInformation(
      device: "cpu", platform: "OpenBLAS", name: Self.processorName, kind: .cpu,
      driver: String(cString: openblas_get_config()), computeUnits: Self.threadCount,
      memoryBytes: totalBytes, maximumAllocationBytes: limitBytes, localMemoryBytes: 0,
      maximumWorkGroup: 1, hasFloat64: true, hasFloat16: true)
  }

  package func write(_ source: UnsafeRawBufferPointer, to target: Binding) throws(TensorError) {
    guard let start = source.baseAddress, source.count > 0 else { return }
    memcpy(target.address, start, source.count)
  }

  package func read(_ source: Binding, into target: UnsafeMutableRawBufferPointer)
    throws(TensorError)
  {
    guard let start = target.baseAddress, target.count > 0 else { return }
    memcpy(start, source.address, target.count)
  }

  package func synchronize() throws(TensorError) {}

  /// Large memory starts at a large page and asks for such pages: strided reading misses far less.
  @Sendable private static func allocate(_ byteCount: Int) -> (UnsafeMutableRawPointer?, Int32) {
    let largePage = 2 << 20
    let isLarge = byteCount >= 2 * largePage
    var memory: UnsafeMutableRawPointer?
    let code = posix_memalign(&memory, isLarge ? largePage : 64, byteCount)
    guard code == 0 else { return (nil, code) }
    // Only advice: without large pages all works the same.
    if isLarge { _ = madvise(memory, byteCount, MADV_HUGEPAGE) }
    return (memory, 0)
  }

  private static func environment(_ name: String, atMost limit: Int) throws(TensorError) -> Int? {
    guard let value = getenv(name) else { return nil }
    let text = String(cString: value)
    guard let number = Int(text), number >= 1, number <= limit else {
      throw TensorError(
        .argument, name,
        "not a whole number above 0\(limit < .max ? " up to \(limit)" : ""): '\(text)'")
    }
    return number
  }

  private static var physicalMemory: Int {
    sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
  }

  private static var processorName: String {
    guard let file = fopen("/proc/cpuinfo", "r") else { return "CPU" }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 512)
    while fgets(&line, Int32(line.count), file) != nil {
      let text = String(
        decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      guard text.hasPrefix("model name"), let colon = text.firstIndex(of: ":") else { continue }
      let words = text[text.index(after: colon)...].split { $0 == " " || $0 == "\t" || $0 == "\n" }
      return words.joined(separator: " ")
    }
    return "CPU"
  }
}

extension Binding {
  /// Where the argument starts.
  @inline(__always) var address: UnsafeMutableRawPointer {
    buffer._withUnsafeGuaranteedRef { $0.handle } + byteOffset
  }
}

extension Call {
  @inline(__always) func address(_ index: Int) -> UnsafeMutableRawPointer {
    bindings[index].address
  }
}

/// Calls `body` once for each chunk, on the pool's threads.
///
/// `body` captures nothing: a context of any type is handed to it.
@inline(__always)
func onThreads<Context>(
  chunks: Int, _ context: inout Context,
  _ body: @convention(c) (UnsafeMutableRawPointer?, Int64, Int32) -> Void
) {
  withUnsafeMutablePointer(to: &context) { threads_run(Int64(chunks), body, $0) }
}
