/// What a device says of itself.
public struct DeviceInformation: Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable { case cpu, gpu, accelerator }

  /// `cpu` or `opencl:0`: what `--device` and `APUS_DEVICE` take.
  public let device: String
  public let platform: String
  public let name: String
  public let kind: Kind
  public let driver: String
  public let computeUnits: Int
  public let memoryBytes: Int
  public let maximumAllocationBytes: Int
  public let localMemoryBytes: Int
  public let maximumWorkGroup: Int
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
