package import Geometry

/// Elements by index: reading them, writing them, putting them in order. All tensors are
/// contiguous.
///
/// An index out of range reads as 0, or drops what it would write, and is reported as the
/// geometry's range says.
package protocol LookupKernels {
  /// Bindings: the tensor, the indices, then the result.
  func lookup(_ lookup: Lookup) throws(TensorError) -> any Kernel

  /// Bindings: what the updates come on top of, if there is something, the indices, the updates,
  /// then the result.
  func scatter(_ scatter: Scatter) throws(TensorError) -> any Kernel

  /// Bindings: the tensor, then where its elements are in order, as int32.
  func sort(_ sort: Sort) throws(TensorError) -> any Kernel

  /// Bindings: the bounds, the values, then the place of each, as int32.
  func search(_ search: Search) throws(TensorError) -> any Kernel

  /// Bindings: where each row begins, the column of each element, the elements, the dense matrix,
  /// then the result. The first two are int32.
  func sparseProduct(_ product: SparseProduct) throws(TensorError) -> any Kernel
}
