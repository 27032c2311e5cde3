/// What a device says of itself.
public struct DeviceInformation: Sendable, Hashable {
  /// What sort of processor it is.
  public enum Kind: String, Sendable, Hashable { case cpu, gpu, accelerator }

  /// `cpu` or `opencl:0`: what `--device` and `APUS_DEVICE` take.
  public let device: String
  /// The driver's platform: `Portable Computing Language`.
  public let platform: String
  public let name: String
  /// Processor, graphics card or accelerator.
  public let kind: Kind
  /// The version of its driver.
  public let driver: String
  /// How many cores, or groups of lanes, it has.
  public let computeUnits: Int
  /// The memory that it has in all.
  public let memoryBytes: Int
  /// The largest buffer that it makes.
  public let maximumAllocationBytes: Int
  /// What work items of a group share.
  public let localMemoryBytes: Int
  /// The most work items of a group.
  public let maximumWorkGroup: Int
  /// Whether it computes in double precision.
  public let hasFloat64: Bool
  /// Whether it computes in float16; as storage every device has it.
  public let hasFloat16: Bool

  package init(
    device: String, platform: String, name: String, kind: Kind, driver: String, computeUnits: Int,
    memoryBytes: Int, maximumAllocationBytes: Int, localMemoryBytes: Int, maximumWorkGroup: Int,
    hasFloat64: Bool, hasFloat16: Bool
  ) {
    self.device = device
    self.platform = platform
    self.name = name
    self.kind = kind
    self.driver = driver
    self.computeUnits = computeUnits
    self.memoryBytes = memoryBytes
    self.maximumAllocationBytes = maximumAllocationBytes
    self.localMemoryBytes = localMemoryBytes
    self.maximumWorkGroup = maximumWorkGroup
    self.hasFloat64 = hasFloat64
    self.hasFloat16 = hasFloat16
  }
}
