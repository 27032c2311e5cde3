internal import Backends
internal import CPUBackend
public import Geometry
internal import Glibc
internal import OpenCLBackend

/// A place where tensors live and are computed.
///
/// An operation runs where its operands are. Tensors made from numbers go to `Device.current`: the
/// device of the innermost `withDevice`, else the one that the environment variable `APUS_DEVICE`
/// names, else a GPU if there is one, else the CPU.
public struct Device: Hashable, Sendable, CustomStringConvertible {
  let place: Place

  /// The processor, through BLAS and vectorised C.
  ///
  /// - Note: An unusable `APUS_THREADS` is reported by the first call that can throw.
  public static let cpu = Device(
    place: Place(deferred: { () throws(TensorError) in try CPUBackend.make() }, name: "cpu"))

  /// The OpenCL device of that number: GPUs first, then accelerators, then CPUs.
  public static func openCL(_ index: Int = 0) throws(TensorError) -> Device {
    try registry.openCL(index)
  }

  /// `cpu`, `opencl`, `opencl:N` or `auto`.
  public static func named(_ name: String) throws(TensorError) -> Device {
    if name == "cpu" { return .cpu }
    if name == "auto" { return try automatic() }
    if name == "opencl" { return try openCL(0) }
    let prefix = "opencl:"
    let digits = name.dropFirst(prefix.count)
    if name.hasPrefix(prefix), !digits.isEmpty, digits.allSatisfy({ "0"..."9" ~= $0 }) {
      // A number that no integer holds is that of no device either.
      return try openCL(Int(digits) ?? .max)
    }
    throw TensorError(
      .argument, "device", "no device is called \"\(name)\"", hint: "cpu, opencl, opencl:N or auto")
  }

  /// A GPU if there is one, else the CPU.
  public static func automatic() throws(TensorError) -> Device {
    let devices = openCLDevices()
    guard let index = devices.firstIndex(where: { $0.kind == .gpu }) else { return .cpu }
    return try openCL(index)
  }

  @TaskLocal static var scoped: Device?

  /// Where tensors made from numbers go.
  public static var current: Device {
    get throws(TensorError) {
      if let scoped { return scoped }
      return try registry.standard()
    }
  }

  /// `device`, or the current one for nil.
  static func resolved(_ device: Device?) throws(TensorError) -> Device {
    if let device { return device }
    return try current
  }

  /// What the devices of this machine say of themselves, the CPU first.
  public static func available() throws(TensorError) -> [DeviceInformation] {
    [try cpu.information] + openCLDevices()
  }

  private static func openCLDevices() -> [DeviceInformation] {
    do throws(TensorError) { return try OpenCLBackend.devices() } catch { return [] }
  }

  /// A device of its own, with memory, plans and statistics that nobody else uses.
  package static func isolated(_ name: String) throws(TensorError) -> Device {
    if name == "cpu" { return Device(place: Place(try CPUBackend.make())) }
    let index = Int(name.drop { $0 != ":" }.dropFirst()) ?? 0
    return Device(place: Place(try OpenCLBackend(index: index)))
  }

  /// What turns this device's graphs into plans.
  package var engine: Engine { place.engine }

  /// `cpu` or `opencl:0`.
  public var name: String { place.name }
  public var description: String { place.name }

  /// What it is and what it can do.
  public var information: DeviceInformation {
    get throws(TensorError) { try place.backend.information }
  }

  /// Waits until everything that was started on the device has finished.
  public func synchronize() throws(TensorError) { try place.backend.synchronize() }

  public static func == (left: Device, right: Device) -> Bool { left.place === right.place }
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(place)) }

  private static let registry = DeviceRegistry()
}

/// Runs `body` with tensors made from numbers going to `device`.
public func withDevice<Result>(_ device: Device, _ body: () throws -> Result) rethrows -> Result {
  try Device.$scoped.withValue(device, operation: body)
}

/// The devices that are open, and the choice of the standard one.
private final class DeviceRegistry: @unchecked Sendable {
  private let lock = Lock()
  private var opened: [Int: Device] = [:]
  private var chosen: Device?

  func openCL(_ index: Int) throws(TensorError) -> Device {
    try lock.withLock { () throws(TensorError) in
      if let device = opened[index] { return device }
      let device = Device(place: Place(try OpenCLBackend(index: index)))
      opened[index] = device
      return device
    }
  }

  func standard() throws(TensorError) -> Device {
    if let device = lock.withLock({ chosen }) { return device }
    let name = getenv("APUS_DEVICE").map { String(cString: $0) } ?? "auto"
    let device = try Device.named(name.isEmpty ? "auto" : name)
    lock.withLock { chosen = device }
    return device
  }
}
