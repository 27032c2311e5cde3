internal import Backends
internal import COpenCL
internal import Geometry

/// A device the loader knows, and what it says of itself.
struct FoundDevice {
  let platform: cl_platform_id
  let device: cl_device_id
  let information: DeviceInformation
  let platformVersion: String
  /// Whether division and square roots can be had rounded correctly.
  let roundsDivision: Bool
  /// The most bytes that the arguments of one kernel may take.
  let maximumParameterBytes: Int

  // Drivers set themselves up in the first of these calls; PoCL crashes where two threads make it.
  private static let discovery = Lock()

  /// All devices of all platforms: GPUs, then accelerators, then CPUs, as the loader orders them.
  static func all() throws(TensorError) -> [FoundDevice] {
    try discovery.withLock { () throws(TensorError) in try discovered() }
  }

  private static func discovered() throws(TensorError) -> [FoundDevice] {
    var found: [(DeviceInformation.Kind, cl_platform_id, cl_device_id)] = []
    for platform in try platforms() {
      for device in try devices(of: platform) {
        // Decides which kernels run, and with them the last bits: nothing to be guessed.
        var flags = cl_device_type(0)
        let code = clGetDeviceInfo(
          device, cl_device_info(CL_DEVICE_TYPE), MemoryLayout.size(ofValue: flags), &flags, nil)
        guard code == CL_SUCCESS else { throw noDevice(code) }
        let kind: DeviceInformation.Kind =
          flags & cl_device_type(CL_DEVICE_TYPE_GPU) != 0
          ? .gpu : flags & cl_device_type(CL_DEVICE_TYPE_CPU) != 0 ? .cpu : .accelerator
        found.append((kind, platform, device))
      }
    }
    let ordered = [DeviceInformation.Kind.gpu, .accelerator, .cpu].flatMap { kind in
      found.filter { $0.0 == kind }
    }
    guard !ordered.isEmpty else { throw noDevice(nil) }
    return ordered.enumerated().map { number, entry in
      FoundDevice(number, entry.0, entry.1, entry.2)
    }
  }

  private init(
    _ number: Int, _ kind: DeviceInformation.Kind, _ platform: cl_platform_id,
    _ device: cl_device_id
  ) {
    self.platform = platform
    self.device = device
    let extensions = Self.text(device, CL_DEVICE_EXTENSIONS)
    platformVersion = Self.text(platform: platform, CL_PLATFORM_VERSION)
    let rounding = Self.value(device, CL_DEVICE_SINGLE_FP_CONFIG, cl_device_fp_config(0))
    roundsDivision = rounding & cl_device_fp_config(CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT) != 0
    maximumParameterBytes = Int(Self.value(device, CL_DEVICE_MAX_PARAMETER_SIZE, 1024))
    let doubles = Self.value(device, CL_DEVICE_DOUBLE_FP_CONFIG, cl_device_fp_config(0))
    information = DeviceInformation(
      device: "opencl:\(number)",
      platform: Self.text(platform: platform, CL_PLATFORM_NAME),
      name: Self.text(device, CL_DEVICE_NAME),
      kind: kind,
      driver: Self.text(device, CL_DRIVER_VERSION),
      computeUnits: Int(Self.value(device, CL_DEVICE_MAX_COMPUTE_UNITS, cl_uint(1))),
      memoryBytes: Int(clamping: Self.value(device, CL_DEVICE_GLOBAL_MEM_SIZE, cl_ulong(0))),
      maximumAllocationBytes: Int(
        clamping: Self.value(device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, cl_ulong(0))),
      localMemoryBytes: Int(clamping: Self.value(device, CL_DEVICE_LOCAL_MEM_SIZE, cl_ulong(0))),
      maximumWorkGroup: Self.value(device, CL_DEVICE_MAX_WORK_GROUP_SIZE, 1),
      hasFloat64: doubles != 0,
      hasFloat16: extensions.split(separator: " ").contains("cl_khr_fp16"))
  }

  private static func platforms() throws(TensorError) -> [cl_platform_id] {
    var count: cl_uint = 0
    let code = clGetPlatformIDs(0, nil, &count)
    guard code == CL_SUCCESS, count > 0 else { throw noDevice(code) }
    var platforms = [cl_platform_id?](repeating: nil, count: Int(count))
    let second = clGetPlatformIDs(count, &platforms, nil)
    guard second == CL_SUCCESS else { throw noDevice(second) }
    return platforms.compactMap { $0 }
  }

  private static func devices(of platform: cl_platform_id) throws(TensorError) -> [cl_device_id] {
    var count: cl_uint = 0
    let code = clGetDeviceIDs(platform, cl_device_type(CL_DEVICE_TYPE_ALL), 0, nil, &count)
    if code == CL_DEVICE_NOT_FOUND || (code == CL_SUCCESS && count == 0) { return [] }
    guard code == CL_SUCCESS else { throw noDevice(code) }
    var devices = [cl_device_id?](repeating: nil, count: Int(count))
    let second = clGetDeviceIDs(
      platform, cl_device_type(CL_DEVICE_TYPE_ALL), count, &devices, nil)
    guard second == CL_SUCCESS else { throw noDevice(second) }
    return devices.compactMap { $0 }
  }

  private static func noDevice(_ code: cl_int?) -> TensorError {
    let reason = code.map { $0 == -1001 || $0 == CL_SUCCESS ? "" : ": " + OpenCLCode.name($0) }
    return TensorError(
      .device, "opencl", "no OpenCL device is installed\(reason ?? "")",
      hint: "`apt-get install pocl-opencl-icd` for CPUs, or the driver of the GPU's vendor",
      code: code)
  }

  private static func value<Value: BitwiseCopyable>(
    _ device: cl_device_id, _ what: Int32, _ fallback: Value
  )
    -> Value
  {
    var value = fallback
    let code = clGetDeviceInfo(
      device, cl_device_info(what), MemoryLayout<Value>.size, &value, nil)
    return code == CL_SUCCESS ? value : fallback
  }

  private static func text(_ device: cl_device_id, _ what: Int32) -> String {
    text { clGetDeviceInfo(device, cl_device_info(what), $0, $1, $2) }
  }

  static func text(platform: cl_platform_id, _ what: Int32) -> String {
    text { clGetPlatformInfo(platform, cl_platform_info(what), $0, $1, $2) }
  }

  private static func text(
    _ ask: (Int, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?) -> cl_int
  ) -> String {
    var size = 0
    guard ask(0, nil, &size) == CL_SUCCESS, size > 0 else { return "" }
    var bytes = [UInt8](repeating: 0, count: size)
    guard ask(size, &bytes, nil) == CL_SUCCESS else { return "" }
    let text = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    return String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }
}
