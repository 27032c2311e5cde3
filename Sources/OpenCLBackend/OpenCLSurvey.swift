internal import COpenCL

/// What the OpenCL loader answers, step by step, for whoever wants to know why a device is missing.
package struct OpenCLSurvey: Sendable {
  /// A platform: what one driver brings.
  package struct Platform: Sendable {
    package let name: String, vendor: String, version: String
    /// How many devices it has.
    package let deviceCount: Int
    /// What went wrong when it was asked for its devices.
    package let problem: String?
  }

  package let platforms: [Platform]
  /// What went wrong when the loader was asked for platforms.
  package let problem: String?

  /// Asks the loader, and every platform it knows.
  package init() {
    var count: cl_uint = 0
    var code = clGetPlatformIDs(0, nil, &count)
    // -1001 is the loader's own code for having found no platform.
    guard code == CL_SUCCESS || code == -1001 else {
      platforms = []
      problem = OpenCLCode.name(code)
      return
    }
    var found = [cl_platform_id?](repeating: nil, count: Int(count))
    if count > 0 { code = clGetPlatformIDs(count, &found, nil) }
    problem = count == 0 || code == CL_SUCCESS ? nil : OpenCLCode.name(code)
    platforms = found.compactMap { $0 }.map(Self.platform)
  }

  private static func platform(_ platform: cl_platform_id) -> Platform {
    var count: cl_uint = 0
    let code = clGetDeviceIDs(platform, cl_device_type(CL_DEVICE_TYPE_ALL), 0, nil, &count)
    let isFine = code == CL_SUCCESS || code == CL_DEVICE_NOT_FOUND
    return Platform(
      name: FoundDevice.text(platform: platform, CL_PLATFORM_NAME),
      vendor: FoundDevice.text(platform: platform, CL_PLATFORM_VENDOR),
      version: FoundDevice.text(platform: platform, CL_PLATFORM_VERSION),
      deviceCount: code == CL_SUCCESS ? Int(count) : 0,
      problem: isFine ? nil : OpenCLCode.name(code))
  }
}
