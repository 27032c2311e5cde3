internal import Geometry
internal import Glibc
internal import OpenCLBackend
internal import Tensors

/// Devices: what there is, and whether kernels on each give the right numbers.
enum DeviceCheck {
  static func findings() -> [Finding] {
    do {
      let devices = try Device.available()
      var findings: [Finding] = []
      for information in devices { findings += check(information) }
      return findings + missing(devices) + [choice()]
    } catch {
      return [Finding("devices", .fault, "\(error)")]
    }
  }

  private static func check(_ information: DeviceInformation) -> [Finding] {
    let name = information.device
    let what =
      name == "cpu"
      ? "" : "\(information.name) (\(information.kind.rawValue), driver \(information.driver)), "
    do {
      let device = try Device.named(name)
      let start = ContinuousClock.now
      if let wrong = try wrongNumber(on: device) {
        return [
          Finding(
            name, .fault, "\(what)computes wrong: \(wrong)",
            remedy: "use --device cpu, and update the driver")
        ]
      }
      let seconds = Double((ContinuousClock.now - start) / .milliseconds(1)) / 1000
      return [
        Finding(name, .ok, "\(what)kernels run and give the right numbers (\(seconds.fixed(2)) s)")
      ]
    } catch {
      return [
        Finding(name, .fault, "\(what)\(error)", remedy: (error as? TensorError)?.hint)
      ]
    }
  }

  /// What a product, a fused chain or a reduction of small whole numbers gives wrong; nil if
  /// nothing.
  private static func wrongNumber(on device: Device) throws -> String? {
    let (rows, inner, columns) = (37, 53, 29)
    // Small enough that every sum is a whole number below 2²⁴, which float32 has exactly.
    let left = (0..<rows * inner).map { Float($0 * 7 % 11 - 5) }
    let right = (0..<inner * columns).map { Float($0 * 5 % 13 - 6) }
    let a = try Tensor(left, shape: [rows, inner], on: device)
    let b = try Tensor(right, shape: [inner, columns], on: device)
    let product = try matmul(a, b)
    let chain = try product * 2 + 1
    let sums = try product.sum(axes: [0])
    let found = (try product.scalars(), try chain.scalars(), try sums.scalars())

    var expected = [Float](repeating: 0, count: rows * columns)
    for i in 0..<rows {
      for k in 0..<inner {
        for j in 0..<columns {
          expected[i * columns + j] += left[i * inner + k] * right[k * columns + j]
        }
      }
    }
    let expectedSums = (0..<columns).map { j in
      (0..<rows).reduce(Float(0)) { $0 + expected[$1 * columns + j] }
    }
    return difference("matrix product", found.0, expected)
      ?? difference("fused chain", found.1, expected.map { $0 * 2 + 1 })
      ?? difference("sum", found.2, expectedSums)
  }

  private static func difference(_ what: String, _ found: [Float], _ expected: [Float]) -> String? {
    guard found.count == expected.count else {
      return "\(what): \(found.count) elements, expected \(expected.count)"
    }
    guard let index = found.indices.first(where: { found[$0] != expected[$0] }) else { return nil }
    return "\(what): element \(index) is \(found[index]), expected \(expected[index])"
  }

  /// GPUs that are in the machine, and that OpenCL does not know.
  private static func missing(_ devices: [DeviceInformation]) -> [Finding] {
    guard !devices.contains(where: { $0.kind == .gpu }), let card = Graphics.cards.first else {
      return []
    }
    // Containers have the driver but not the file that names it.
    if card.vendor == "NVIDIA", dlopen("libnvidia-opencl.so.1", RTLD_LAZY | RTLD_LOCAL) != nil {
      return [
        Finding(
          "GPU", .fault,
          "an NVIDIA GPU and its OpenCL driver are there, but no file names the driver",
          remedy: "mkdir -p /etc/OpenCL/vendors && "
            + "echo libnvidia-opencl.so.1 > /etc/OpenCL/vendors/nvidia.icd")
      ]
    }
    return [
      Finding(
        "GPU", .fault, "the machine has a GPU of \(card.vendor), and no OpenCL driver for it",
        remedy: "apt-get install \(card.package)")
    ]
  }

  private static func choice() -> Finding {
    do {
      let device = try Device.current.name
      let why = getenv("APUS_DEVICE").map { ", as APUS_DEVICE=\(String(cString: $0)) says" } ?? ""
      return Finding("chosen", .ok, "\(device)\(why)")
    } catch {
      return Finding("chosen", .fault, "\(error)", remedy: "unset APUS_DEVICE, or set it right")
    }
  }
}
