package import Backends
internal import CPUKernels
package import Geometry

extension CPUBackend: LookupKernels {
  package func sort(_ sort: Sort) throws(TensorError) -> any Kernel {
    let shape = sort_shape(
      type: sort.type.sortType, is_descending: sort.isDescending, outer: Int64(sort.outer),
      count: Int64(sort.count), inner: Int64(sort.inner), limit: Int64(sort.limit))
    return PlainKernel(sort.label, shape) { shape, call in
      sort_run(&shape, call.address(0), call.address(1).assumingMemoryBound(to: Int32.self))
    }
  }

  package func search(_ search: Search) throws(TensorError) -> any Kernel {
    let shape = search_shape(
      type: search.type.sortType, is_right: search.isRight, is_shared: search.isShared,
      outer: Int64(search.outer), count: Int64(search.bounds), n: Int64(search.values))
    return PlainKernel("search [\(search.outer), \(search.values)] in \(search.bounds)", shape) {
      shape, call in
      search_run(
        &shape, call.address(0), call.address(1),
        call.address(2).assumingMemoryBound(to: Int32.self))
    }
  }

  package func sparseProduct(_ product: SparseProduct) throws(TensorError) -> any Kernel {
    SparseKernel(product)
  }
}

/// A C function with the value that it gets.
private final class PlainKernel<Shape>: Kernel {
  let label: String
  private var shape: Shape
  private let body: (inout Shape, Call) -> Void

  init(_ label: String, _ shape: Shape, _ body: @escaping (inout Shape, Call) -> Void) {
    self.label = label
    self.shape = shape
    self.body = body
  }

  func run(_ call: Call) throws(TensorError) { body(&shape, call) }
}

private final class SparseKernel: Kernel {
  let label: String
  private var shape: sparse_shape
  private let range: IndexRange

  init(_ product: SparseProduct) {
    label = product.label
    shape = sparse_shape(
      type: product.type == .float64 ? sparse_float64 : sparse_float32, rows: Int64(product.rows),
      columns: Int64(product.columns), count: Int64(product.count), width: Int64(product.width))
    range = product.range
  }

  func run(_ call: Call) throws(TensorError) {
    let offsets = call.address(0).assumingMemoryBound(to: Int32.self)
    let places = call.address(1).assumingMemoryBound(to: Int32.self)
    if sparse_run(
      &shape, offsets, places, call.address(2), call.address(3), call.address(4))
    {
      return
    }
    throw range.error(lookup_int32, places, count: Int(shape.count))
  }
}

extension ScalarType {
  fileprivate var sortType: sort_type {
    switch self {
    case .float32: sort_float32
    case .float64: sort_float64
    case .float16: sort_float16
    case .bfloat16: sort_bfloat16
    case .int32: sort_int32
    case .int64: sort_int64
    case .uint8, .bool: sort_uint8
    }
  }
}
