internal import Backends
internal import COpenCL
internal import Geometry
internal import Glibc

/// The text of a program, and the macros it is built with.
struct ProgramSource {
  /// How build logs and errors call it: `reduction.cl`.
  let name: String
  let text: String
  let defines: [(name: String, value: String)]

  init(_ name: String, _ text: String, defines: [(name: String, value: String)] = []) {
    self.name = name
    self.text = text
    self.defines = defines
  }
}

/// The programs of one device, each built once a process and kept on disk.
final class ProgramLibrary: @unchecked Sendable {
  // Unchecked: `programs` is guarded by `lock`; OpenCL objects are thread-safe.
  private let context: SharedContext
  private let health: DeviceHealth
  private let found: FoundDevice
  private let flavour: OpenCLBackend.Flavour
  private let cache = BinaryCache.standard
  private let lock = Lock()
  private var programs: [Digest: BuiltProgram] = [:]

  private final class BuiltProgram {
    let handle: Handle<ProgramKind>

    init(_ handle: consuming Handle<ProgramKind>) { self.handle = handle }
  }

  init(
    _ found: FoundDevice, _ context: SharedContext, _ health: DeviceHealth,
    flavour: OpenCLBackend.Flavour
  ) {
    self.found = found
    self.context = context
    self.health = health
    self.flavour = flavour
  }

  /// The kernel `name` of that program, built if it has not been.
  ///
  /// - Parameter groupSize: how many work items a group of it will have.
  func kernel(_ name: String, of source: ProgramSource, groupSize: Int) throws(TensorError)
    -> KernelFunction
  {
    try health.requireDevice()
    let program = try program(source)
    var code: cl_int = 0
    let raw = clCreateKernel(program.handle.raw, name, &code)
    let handle = Handle<KernelKind>(
      try health.check(raw, code, "clCreateKernel"), health
    ) { clReleaseKernel($0) }
    var largest = 0
    try health.check(
      clGetKernelWorkGroupInfo(
        handle.raw, found.device, cl_kernel_work_group_info(CL_KERNEL_WORK_GROUP_SIZE),
        MemoryLayout<Int>.size, &largest, nil), "clGetKernelWorkGroupInfo")
    guard groupSize <= largest else {
      throw TensorError(
        .kernelBuild, name,
        "needs groups of \(groupSize) work items, \(found.information.device) allows it \(largest)")
    }
    return KernelFunction(name, handle)
  }

  private func program(_ source: ProgramSource) throws(TensorError) -> BuiltProgram {
    let options = options(source)
    let information = found.information
    let key = Digest(of: [
      source.text, options, information.platform, found.platformVersion, information.name,
      information.driver,
    ])
    lock.acquire()
    defer { lock.release() }
    if let program = programs[key] { return program }
    let program: BuiltProgram
    if let binary = cache?.load(key), let loaded = load(binary, options) {
      program = loaded
    } else {
      program = try build(source, options)
      if let binary = binary(program) {
        let label = BinaryCache.Label(
          program: source.name, device: information.name, platform: information.platform)
        cache?.store(binary, as: key, label)
      }
    }
    programs[key] = program
    return program
  }

  private func options(_ source: ProgramSource) -> String {
    // Without warnings: they are of no use to whoever runs a program, and PoCL prints their number.
    var options = "-cl-std=CL1.2 -w"
    if found.roundsDivision { options += " -cl-fp32-correctly-rounded-divide-sqrt" }
    options += " -DCPU_FLAVOUR=\(flavour == .cpu ? 1 : 0)"
    options += " -DHAS_FLOAT64=\(found.information.hasFloat64 ? 1 : 0)"
    for define in source.defines { options += " -D\(define.name)=\(define.value)" }
    // For whoever looks for a compiler's mistake, and for tests that mostly compile.
    if let more = getenv("APUS_OPENCL_OPTIONS") { options += " " + String(cString: more) }
    return options
  }

  private func build(_ source: ProgramSource, _ options: String) throws(TensorError)
    -> BuiltProgram
  {
    var code: cl_int = 0
    let raw = source.text.withCString { text in
      var text: UnsafePointer<CChar>? = text
      return clCreateProgramWithSource(context.handle.raw, 1, &text, nil, &code)
    }
    let handle = Handle<ProgramKind>(
      try health.check(raw, code, "clCreateProgramWithSource"), health
    ) { clReleaseProgram($0) }
    var device: cl_device_id? = found.device
    let result = clBuildProgram(handle.raw, 1, &device, options, nil, nil)
    guard result == CL_SUCCESS else {
      if OpenCLCode.isShortage(result) || OpenCLCode.meansLoss(result, whileWaiting: false) {
        throw health.failure(result, "clBuildProgram", .setup)
      }
      throw TensorError(
        .kernelBuild, source.name,
        "does not build for \(found.information.device) with \(options): \(OpenCLCode.name(result))\n"
          + log(handle.raw), code: result)
    }
    return BuiltProgram(handle)
  }

  private func load(_ binary: [UInt8], _ options: String) -> BuiltProgram? {
    var device: cl_device_id? = found.device
    var size = binary.count
    var status: cl_int = 0
    var code: cl_int = 0
    let raw = binary.withUnsafeBufferPointer { bytes in
      var start = bytes.baseAddress
      return clCreateProgramWithBinary(
        context.handle.raw, 1, &device, &size, &start, &status, &code)
    }
    guard code == CL_SUCCESS, status == CL_SUCCESS, let raw else { return nil }
    let handle = Handle<ProgramKind>(raw, health) { clReleaseProgram($0) }
    guard clBuildProgram(handle.raw, 1, &device, options, nil, nil) == CL_SUCCESS else {
      return nil
    }
    return BuiltProgram(handle)
  }

  private func binary(_ program: BuiltProgram) -> [UInt8]? {
    var size = 0
    guard
      clGetProgramInfo(
        program.handle.raw, cl_program_info(CL_PROGRAM_BINARY_SIZES), MemoryLayout<Int>.size, &size,
        nil) == CL_SUCCESS, size > 0
    else { return nil }
    var bytes = [UInt8](repeating: 0, count: size)
    let code = bytes.withUnsafeMutableBufferPointer { bytes in
      var start = bytes.baseAddress
      return clGetProgramInfo(
        program.handle.raw, cl_program_info(CL_PROGRAM_BINARIES), MemoryLayout.size(ofValue: start),
        &start, nil)
    }
    return code == CL_SUCCESS ? bytes : nil
  }

  private func log(_ program: cl_program) -> String {
    let what = cl_program_build_info(CL_PROGRAM_BUILD_LOG)
    var size = 0
    guard clGetProgramBuildInfo(program, found.device, what, 0, nil, &size) == CL_SUCCESS, size > 0
    else { return "no build log" }
    var bytes = [UInt8](repeating: 0, count: size)
    guard clGetProgramBuildInfo(program, found.device, what, size, &bytes, nil) == CL_SUCCESS
    else { return "no build log" }
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}
