package import Backends
internal import COpenCL
package import Geometry
internal import Glibc

/// A device of OpenCL: one context, one in-order queue, programs built when they are first needed.
package final class OpenCLBackend: @unchecked Sendable {
  // Unchecked: the handles are thread-safe by the OpenCL standard, except for arguments of kernels,
  // which are bound under `launchLock`.

  /// How kernels cut their work.
  package enum Flavour: String, Sendable {
    /// One work item a group, which runs over a contiguous chunk.
    case cpu
    /// Many work items, neighbours on neighbouring elements.
    case gpu
  }

  package let name: String
  package let information: DeviceInformation
  package let memory: MemoryPool
  package let flavour: Flavour
  let health: DeviceHealth
  let programs: ProgramLibrary
  let tuning: Tuning
  let indexFaults: IndexFaults
  /// The most arguments a kernel may have, whatever they are.
  let maximumArguments: Int
  let queue: SharedQueue
  let launchLock = Lock()
  /// Launches since the device was last told to start.
  var unflushed = 0

  /// What every device of every platform says of itself, in the order of their numbers.
  package static func devices() throws(TensorError) -> [DeviceInformation] {
    try FoundDevice.all().map(\.information)
  }

  /// Opens the device with that number.
  ///
  /// - Parameter flavour: how kernels cut their work; nil for what `APUS_OPENCL_FLAVOUR` says, else
  ///   what suits the device.
  package init(
    index: Int, flavour: Flavour? = nil, tuning table: TuningTable? = nil
  ) throws(TensorError) {
    let devices = try FoundDevice.all()
    guard devices.indices.contains(index) else {
      let last = devices.count - 1
      throw TensorError(
        .device, "opencl:\(index)",
        "there is no such device, \(last == 0 ? "only opencl:0" : "they go from opencl:0 to opencl:\(last)")"
      )
    }
    let found = devices[index]
    let information = found.information
    let health = DeviceHealth(device: information.device)
    let context = try SharedContext(found, health)
    let queue = try SharedQueue(found, context, health)
    name = information.device
    self.information = information
    self.health = health
    self.queue = queue
    let limit = try Self.environmentLimit()
    if let flavour {
      self.flavour = flavour
    } else {
      self.flavour = try Self.flavour(for: information)
    }
    // Each argument may be a buffer and the place in it: 16 bytes, half of them a pointer's.
    maximumArguments = min(120, found.maximumParameterBytes / 8)
    programs = ProgramLibrary(found, context, health, flavour: self.flavour)
    tuning = Tuning(TuningFiles(information, self.flavour), table)
    indexFaults = IndexFaults(context, queue, health)
    let isGPU = information.kind != .cpu
    memory = MemoryPool(
      device: information.device, totalBytes: information.memoryBytes,
      limitBytes: limit ?? information.memoryBytes / 10 * 9,
      maximumAllocationBytes: information.maximumAllocationBytes,
      allocate: { context.allocate($0, on: isGPU ? queue : nil) },
      release: { if !health.isLost { clReleaseMemObject(OpaquePointer($0)) } })
  }

  /// How kernels cut their work on a device: what `APUS_OPENCL_FLAVOUR` says, else what suits it.
  static func flavour(for information: DeviceInformation) throws(TensorError) -> Flavour {
    try environmentFlavour() ?? (information.kind == .cpu ? .cpu : .gpu)
  }

  private static func environmentFlavour() throws(TensorError) -> Flavour? {
    guard let text = getenv("APUS_OPENCL_FLAVOUR") else { return nil }
    guard let flavour = Flavour(rawValue: String(cString: text)) else {
      throw TensorError(
        .argument, "APUS_OPENCL_FLAVOUR", "cpu or gpu, not \(String(cString: text))")
    }
    return flavour
  }

  private static func environmentLimit() throws(TensorError) -> Int? {
    guard let text = getenv("APUS_MEMORY_LIMIT") else { return nil }
    guard let limit = Int(String(cString: text)), limit > 0 else {
      throw TensorError(
        .argument, "APUS_MEMORY_LIMIT", "a number of bytes, not \(String(cString: text))")
    }
    return limit
  }
}

/// The context of one device.
final class SharedContext: @unchecked Sendable {
  // Unchecked: contexts are thread-safe by the OpenCL standard.
  let handle: Handle<ContextKind>
  private let health: DeviceHealth

  init(_ found: FoundDevice, _ health: DeviceHealth) throws(TensorError) {
    var properties: [cl_context_properties] = [
      cl_context_properties(CL_CONTEXT_PLATFORM), Int(bitPattern: found.platform), 0,
    ]
    var devices: [cl_device_id?] = [found.device]
    var code: cl_int = 0
    let raw = clCreateContext(&properties, 1, &devices, nil, nil, &code)
    self.health = health
    handle = Handle(try health.check(raw, code, "clCreateContext"), health) { clReleaseContext($0) }
  }

  /// Memory of that size, or nil and the code that tells why not.
  ///
  /// Drivers of GPUs may put the allocation off until the first use, where its failure would break
  /// off a step half done: moving the buffer to the device brings it forward.
  func allocate(_ byteCount: Int, on queue: SharedQueue?) -> (UnsafeMutableRawPointer?, Int32) {
    if health.isLost { return (nil, CL_DEVICE_NOT_AVAILABLE) }
    var code: cl_int = 0
    let buffer = clCreateBuffer(
      handle.raw, cl_mem_flags(CL_MEM_READ_WRITE), byteCount, nil, &code)
    guard code == CL_SUCCESS, let buffer else { return (nil, code) }
    if let queue {
      var moved: cl_mem? = buffer
      code = clEnqueueMigrateMemObjects(
        queue.handle.raw, 1, &moved,
        cl_mem_migration_flags(CL_MIGRATE_MEM_OBJECT_CONTENT_UNDEFINED),
        0, nil, nil)
      guard code == CL_SUCCESS else {
        clReleaseMemObject(buffer)
        return (nil, code)
      }
    }
    return (UnsafeMutableRawPointer(buffer), CL_SUCCESS)
  }
}

/// The queue of one device.
final class SharedQueue: @unchecked Sendable {
  // Unchecked: queues are thread-safe by the OpenCL standard.
  let handle: Handle<QueueKind>
  private let context: SharedContext

  init(_ found: FoundDevice, _ context: SharedContext, _ health: DeviceHealth) throws(TensorError) {
    var code: cl_int = 0
    let raw = clCreateCommandQueue(context.handle.raw, found.device, 0, &code)
    self.context = context
    handle = Handle(try health.check(raw, code, "clCreateCommandQueue"), health) {
      clReleaseCommandQueue($0)
    }
  }
}
