package import Backends
internal import CPUKernels
package import Geometry

extension CPUBackend {
  package func scatter(_ scatter: Scatter) throws(TensorError) -> any Kernel {
    ScatterKernel(scatter)
  }
}

/// Half-size types are added as float32, and each result is rounded once.
private final class ScatterKernel: Kernel {
  let label: String
  let workspaceByteCount: Int
  private var shape: scatter_shape
  private let scatter: Scatter
  private let order: Int
  /// Of the base and of the updates to float32, and of the result back.
  private let widening: (base: Conversion, updates: Conversion)?
  private let rounding: Conversion?

  init(_ scatter: Scatter) {
    self.scatter = scatter
    label = scatter.label
    let lookup = scatter.lookup
    let isMoved = scatter.kind == .last
    let type = isMoved ? lookup.type : lookup.type.computeType
    shape = scatter_shape(
      index: lookup.indexType.lookupIndex, kind: scatter.kind.code, type: type.scatterType,
      is_along: lookup.isAlong, element_size: Int32(type.byteCount), outer: Int64(lookup.outer),
      count: Int64(lookup.count), inner: Int64(lookup.inner), indices: Int64(lookup.indices),
      lowest: Int64(lookup.range.lowest))
    order = (Int(scatter_workspace(&shape)) + 63) / 64 * 64
    if type == lookup.type {
      widening = nil
      rounding = nil
      workspaceByteCount = order
    } else {
      let base = Conversion(lookup.type, to: type, count: scatter.resultCount)
      let updates = Conversion(lookup.type, to: type, count: scatter.updateCount)
      widening = (base, updates)
      rounding = Conversion(type, to: lookup.type, count: scatter.resultCount)
      workspaceByteCount = order + 2 * base.byteCount + updates.byteCount
    }
  }

  func run(_ call: Call) throws(TensorError) {
    let first = scatter.hasBase ? 1 : 0
    var base: UnsafeRawPointer? = scatter.hasBase ? UnsafeRawPointer(call.address(0)) : nil
    let indices = call.address(first)
    var updates = UnsafeRawPointer(call.address(first + 1))
    var result = call.address(first + 2)
    let workspace = call.workspace?.address
    if let widening, let workspace {
      result = workspace + order
      if let narrow = base {
        let wide = result + widening.base.byteCount
        widening.base.run(from: narrow, to: wide)
        base = UnsafeRawPointer(wide)
      }
      let wide = result + 2 * widening.base.byteCount
      widening.updates.run(from: updates, to: wide)
      updates = UnsafeRawPointer(wide)
    }
    let isRight = scatter_run(&shape, base, indices, updates, result, workspace)
    rounding?.run(from: result, to: call.address(first + 2))
    if isRight { return }
    throw scatter.lookup.range.error(
      shape.index, indices, count: scatter.lookup.indexCount)
  }
}

extension Scatter.Kind {
  fileprivate var code: scatter_kind {
    switch self {
    case .sum: scatter_sum
    case .last: scatter_last
    case .maximum: scatter_maximum
    }
  }
}

extension ScalarType {
  fileprivate var scatterType: scatter_type {
    switch self {
    case .float32, .float16, .bfloat16: scatter_float32
    case .float64: scatter_float64
    case .int32: scatter_int32
    case .int64: scatter_int64
    case .uint8, .bool: scatter_uint8
    }
  }
}
