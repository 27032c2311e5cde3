package import Backends
internal import CPUKernels
package import Geometry

extension CPUBackend: ScanKernels {
  package func scan(_ scan: Scan) throws(TensorError) -> any Kernel {
    guard scan.type != .bool else {
      throw TensorError(.dtype, "cumulative \(scan.kind.rawValue)", "of bool is not defined")
    }
    return ScanKernel(scan)
  }
}

/// Half-size types run as float32, and each result is rounded once.
private final class ScanKernel: Kernel {
  let label: String
  let workspaceByteCount: Int
  private var shape: scan_shape
  private let widening: Conversion?
  private let rounding: Conversion?
  private let count: Int

  init(_ scan: Scan) {
    label =
      "cumulative \(scan.kind.rawValue) [\(scan.outer), \(scan.count), \(scan.inner)]"
    shape = scan_shape(
      type: scan.type.scanType, is_product: scan.kind == .product, is_exclusive: scan.isExclusive,
      is_reversed: scan.isReversed, outer: Int64(scan.outer), count: Int64(scan.count),
      inner: Int64(scan.inner))
    count = scan.outer * scan.count * scan.inner
    if scan.type.computeType == scan.type {
      widening = nil
      rounding = nil
    } else {
      widening = Conversion(scan.type, to: .float32, count: count)
      rounding = Conversion(.float32, to: scan.type, count: count)
    }
    workspaceByteCount = 2 * (widening?.byteCount ?? 0) + Int(scan_workspace(&shape))
  }

  func run(_ call: Call) throws(TensorError) {
    let workspace = call.workspace?.address
    guard count > 0, let widening, let rounding, let workspace else {
      scan_run(&shape, call.address(0), call.address(1), workspace)
      return
    }
    let results = workspace + widening.byteCount
    widening.run(from: call.address(0), to: workspace)
    scan_run(&shape, workspace, results, results + widening.byteCount)
    rounding.run(from: results, to: call.address(1))
  }
}

extension ScalarType {
  fileprivate var scanType: scan_type {
    switch self {
    case .float32, .float16, .bfloat16: scan_float32
    case .float64: scan_float64
    case .int32: scan_int32
    case .int64: scan_int64
    case .uint8, .bool: scan_uint8
    }
  }
}
