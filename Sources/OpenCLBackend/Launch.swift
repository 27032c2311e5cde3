internal import Backends
internal import COpenCL
internal import Geometry

/// What can be handed to a kernel.
protocol KernelArgument {
  /// Sets this as the argument `index` of `kernel` and moves `index` on.
  func bind(to kernel: cl_kernel, at index: inout cl_uint) -> cl_int
}

extension KernelArgument {
  func bind(to kernel: cl_kernel, at index: inout cl_uint) -> cl_int {
    defer { index += 1 }
    return withUnsafePointer(to: self) {
      clSetKernelArg(kernel, index, MemoryLayout<Self>.size, $0)
    }
  }
}

extension Int32: KernelArgument {}
extension Int64: KernelArgument {}
extension UInt32: KernelArgument {}
extension UInt64: KernelArgument {}
extension Float: KernelArgument {}
extension Double: KernelArgument {}

/// Device memory as two arguments: `global T *memory, const long start`, counted in elements.
///
/// Memory starts anywhere, but sub-buffers only at some multiples: so the kernel adds the start.
struct MemoryArgument: KernelArgument {
  private var memory: cl_mem?
  private let start: Int64

  /// - Parameter offset: in elements, on top of where the binding starts.
  init(_ binding: Binding, of type: ScalarType, offset: Int = 0) {
    self.init(binding, elementSize: type.byteCount, offset: offset)
  }

  init(_ binding: Binding, elementSize: Int, offset: Int = 0) {
    memory = binding.memory
    start = Int64(binding.byteOffset / elementSize + offset)
  }

  func bind(to kernel: cl_kernel, at index: inout cl_uint) -> cl_int {
    let code = withUnsafePointer(to: memory) {
      clSetKernelArg(kernel, index, MemoryLayout<cl_mem?>.size, $0)
    }
    index += 1
    guard code == CL_SUCCESS else { return code }
    return start.bind(to: kernel, at: &index)
  }
}

/// Memory shared by a group of work items.
struct LocalMemory: KernelArgument {
  let byteCount: Int

  func bind(to kernel: cl_kernel, at index: inout cl_uint) -> cl_int {
    defer { index += 1 }
    return clSetKernelArg(kernel, index, byteCount, nil)
  }
}

/// How many groups of work items run, and how many items a group has, along up to three axes.
struct WorkSize {
  let groups: (Int, Int, Int)
  let items: (Int, Int, Int)

  init(groups x: Int, _ y: Int = 1, _ z: Int = 1, of items: (Int, Int, Int) = (1, 1, 1)) {
    groups = (x, y, z)
    self.items = items
  }

  var groupSize: Int { items.0 * items.1 * items.2 }
}

/// A kernel of a built program. Each has arguments of its own.
final class KernelFunction {
  let name: String
  let handle: Handle<KernelKind>

  init(_ name: String, _ handle: consuming Handle<KernelKind>) {
    self.name = name
    self.handle = handle
  }
}

/// The arguments of a kernel while they are bound, in order.
struct ArgumentList: ~Copyable {
  private let kernel: cl_kernel
  private(set) var index: cl_uint
  private(set) var code: cl_int = CL_SUCCESS

  init(_ kernel: cl_kernel, from index: Int = 0) {
    self.kernel = kernel
    self.index = cl_uint(index)
  }

  mutating func add(_ argument: some KernelArgument) {
    if code == CL_SUCCESS { code = argument.bind(to: kernel, at: &index) }
  }
}

extension OpenCLBackend {
  /// Starts a kernel with these arguments.
  func launch<each Argument: KernelArgument>(
    _ function: KernelFunction, over size: WorkSize, _ arguments: repeat each Argument
  ) throws(TensorError) {
    try launch(function, over: size) { list in
      for argument in repeat each arguments { list.add(argument) }
    }
  }

  /// Starts a kernel with the arguments that `bind` adds. Binding and starting are one step:
  /// another thread that runs the same kernel must not come between.
  func launch(
    _ function: KernelFunction, over size: WorkSize, binding bind: (inout ArgumentList) -> Void
  ) throws(TensorError) {
    try health.requireDevice()
    launchLock.acquire()
    defer { launchLock.release() }
    var list = ArgumentList(function.handle.raw)
    bind(&list)
    try health.check(list.code, "clSetKernelArg", .launch)
    let (groups, items) = (size.groups, size.items)
    let code = withUnsafeTemporaryAllocation(of: Int.self, capacity: 6) { sizes in
      sizes[0] = groups.0 * items.0
      sizes[1] = groups.1 * items.1
      sizes[2] = groups.2 * items.2
      sizes[3] = items.0
      sizes[4] = items.1
      sizes[5] = items.2
      return clEnqueueNDRangeKernel(
        queue.handle.raw, function.handle.raw, 3, nil, sizes.baseAddress,
        sizes.baseAddress.map { $0 + 3 }, 0, nil, nil)
    }
    try health.check(code, "clEnqueueNDRangeKernel", .launch)
    // So that the device starts while the host still prepares the rest of a step.
    unflushed += 1
    if unflushed >= 16 {
      unflushed = 0
      try health.check(clFlush(queue.handle.raw), "clFlush", .wait)
    }
  }
}

/// A kernel of a family: what to launch, as a closure.
final class OpenCLKernel: Kernel {
  let label: String
  let workspaceByteCount: Int
  private let body: (Call) throws(TensorError) -> Void

  init(
    _ label: String, workspaceByteCount: Int = 0,
    _ body: @escaping (Call) throws(TensorError) -> Void
  ) {
    self.label = label
    self.workspaceByteCount = workspaceByteCount
    self.body = body
  }

  func run(_ call: Call) throws(TensorError) { try body(call) }
}
