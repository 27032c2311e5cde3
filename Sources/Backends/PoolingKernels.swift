package import Geometry

/// Windows over images: their largest values, weighted sums, and what they see.
package protocol PoolingKernels {
  /// Bindings: the input, then the values and, if `findsWinners`, the winners.
  func maximum(_ pooling: Pooling, findsWinners: Bool) throws(TensorError) -> any Kernel

  /// Bindings: values of the windows, the winners, then a tensor like the input, in which each
  /// element is the sum of the values of the windows it won. Floating-point types.
  func spread(_ pooling: Pooling) throws(TensorError) -> any Kernel

  /// Bindings: a tensor like the input, the winners, then for each window its element that won.
  /// Floating-point types.
  func pick(_ pooling: Pooling) throws(TensorError) -> any Kernel

  /// Bindings: the input, then the result. float32 and float64.
  func resampling(_ resampling: Resampling) throws(TensorError) -> any Kernel

  /// Bindings: the input, then the patches.
  func patches(_ patches: Patches) throws(TensorError) -> any Kernel

  /// Bindings: patches, then a tensor like the input, in which each element is the sum of its
  /// places in the patches. float32 and float64.
  func fold(_ patches: Patches) throws(TensorError) -> any Kernel
}
