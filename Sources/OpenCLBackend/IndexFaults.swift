internal import Backends
internal import COpenCL
internal import Geometry
internal import Synchronization

/// What kernels found wrong with the indices they read: a word of device memory in which a kernel
/// leaves the number of its operation.
///
/// Nobody waits for the word. Where the host waits anyway, it is read, if a kernel was started
/// since that may have set it.
final class IndexFaults: @unchecked Sendable {
  // Unchecked: what changes is guarded by `lock`; OpenCL objects are thread-safe.
  private let context: SharedContext
  private let queue: SharedQueue
  private let health: DeviceHealth
  private let lock = Lock()
  private var word: Handle<MemoryKind>?
  /// Operations by their number less one: 0 says that nothing was wrong.
  private var ranges: [IndexRange] = []
  private var numbers: [IndexRange: Int32] = [:]
  private let mayBeSet = Atomic<Bool>(false)

  private enum MemoryKind {}

  init(_ context: SharedContext, _ queue: SharedQueue, _ health: DeviceHealth) {
    self.context = context
    self.queue = queue
    self.health = health
  }

  /// What a kernel that reads indices of this range is handed.
  func argument(for range: IndexRange) throws(TensorError) -> IndexFaultArgument {
    lock.acquire()
    defer { lock.release() }
    let memory = try self.memory()
    if let number = numbers[range] {
      return IndexFaultArgument(memory: memory, number: number, faults: self)
    }
    ranges.append(range)
    let number = Int32(truncatingIfNeeded: ranges.count)
    numbers[range] = number
    return IndexFaultArgument(memory: memory, number: number, faults: self)
  }

  /// Notes that a kernel starts which may set the word.
  func expect() { mayBeSet.store(true, ordering: .releasing) }

  /// Throws if a kernel that has finished met an index out of range. Once: the word is cleared.
  ///
  /// Called when the queue has been waited for.
  func check() throws(TensorError) {
    guard mayBeSet.exchange(false, ordering: .acquiringAndReleasing) else { return }
    lock.acquire()
    defer { lock.release() }
    let memory = try self.memory()
    var number: Int32 = 0
    try health.check(
      clEnqueueReadBuffer(
        queue.handle.raw, memory, cl_bool(CL_TRUE), 0, 4, &number, 0, nil, nil),
      "clEnqueueReadBuffer", .wait)
    guard number != 0 else { return }
    try clear(memory)
    guard ranges.indices.contains(Int(number) - 1) else { return }
    throw ranges[Int(number) - 1].error()
  }

  private func memory() throws(TensorError) -> OpaquePointer {
    if let raw = word?.raw { return raw }
    let (handle, code) = context.allocate(4, on: nil)
    guard let handle else { throw health.failure(code, "clCreateBuffer", .setup) }
    let raw = OpaquePointer(handle)
    word = Handle(raw, health) { clReleaseMemObject($0) }
    try clear(raw)
    return raw
  }

  private func clear(_ memory: OpaquePointer) throws(TensorError) {
    var zero: Int32 = 0
    try health.check(
      clEnqueueWriteBuffer(
        queue.handle.raw, memory, cl_bool(CL_TRUE), 0, 4, &zero, 0, nil, nil),
      "clEnqueueWriteBuffer", .wait)
  }
}

/// Where a kernel says that an index is out of range, as two arguments:
/// `global int *fault, const int fault_number`. It stores the number there, and that is all.
struct IndexFaultArgument: KernelArgument {
  fileprivate let memory: OpaquePointer
  fileprivate let number: Int32
  fileprivate let faults: IndexFaults

  func bind(to kernel: cl_kernel, at index: inout cl_uint) -> cl_int {
    faults.expect()
    let code = withUnsafePointer(to: Optional(memory)) {
      clSetKernelArg(kernel, index, MemoryLayout<cl_mem?>.size, $0)
    }
    index += 1
    guard code == CL_SUCCESS else { return code }
    return number.bind(to: kernel, at: &index)
  }
}
