package import Geometry

/// Elements by index: reading them, writing them, putting them in order.
package protocol LookupKernels {
  /// Bindings: the tensor, the indices, then the result, all contiguous.
  ///
  /// An index out of range reads as 0 and is reported as `lookup.range` says.
  func lookup(_ lookup: Lookup) throws(TensorError) -> any Kernel
}
