package import Backends
internal import CPUKernels
package import Geometry

extension CPUBackend {
  package func lookup(_ lookup: Lookup) throws(TensorError) -> any Kernel { LookupKernel(lookup) }
}

private final class LookupKernel: Kernel {
  let label: String
  private var shape: lookup_shape
  private let indexCount: Int
  private let range: IndexRange

  init(_ lookup: Lookup) {
    label =
      "gather [\(lookup.outer), \(lookup.count), \(lookup.inner)] at \(lookup.indexCount)"
    shape = lookup_shape(
      index: lookup.indexType.lookupIndex, is_along: lookup.isAlong,
      element_size: Int32(lookup.type.byteCount), outer: Int64(lookup.outer),
      count: Int64(lookup.count), inner: Int64(lookup.inner), indices: Int64(lookup.indices),
      lowest: Int64(lookup.range.lowest))
    indexCount = lookup.indexCount
    range = lookup.range
  }

  func run(_ call: Call) throws(TensorError) {
    if lookup_gather(&shape, call.address(0), call.address(1), call.address(2)) { return }
    throw range.error(shape.index, call.address(1), count: indexCount)
  }
}

extension IndexRange {
  /// The error for the first of `count` indices that is out of range.
  func error(_ type: lookup_index, _ indices: UnsafeRawPointer, count: Int) -> TensorError {
    let position = lookup_first_fault(
      type, indices, Int64(count), Int64(lowest), Int64(highest))
    guard position >= 0 else { return error() }
    return error(value: Int(lookup_value(type, indices, position)), position: Int(position))
  }
}

extension ScalarType {
  /// Operations take no other types as indices.
  var lookupIndex: lookup_index {
    switch self {
    case .int64: lookup_int64
    case .uint8, .bool: lookup_uint8
    default: lookup_int32
    }
  }
}
