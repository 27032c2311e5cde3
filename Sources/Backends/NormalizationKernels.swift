package import Geometry

/// What normalisation needs beside elementwise programs: its statistics, and those of its gradient.
///
/// Types are float32 and float64.
package protocol NormalizationKernels {
  /// Mean and biased variance along the middle axis. A mean that is large by the deviation costs no
  /// digits of the variance.
  ///
  /// Bindings: the input, contiguous, then `[2, outer, inner]`: the means, then the variances.
  func moments(_ normalization: Normalization) throws(TensorError) -> any Kernel

  /// `Σ g` and `Σ g · (x - mean)` along the middle axis.
  ///
  /// Bindings: `g`, `x` and the means `[outer, inner]`, contiguous, then `[2, outer, inner]`.
  func distanceSums(_ normalization: Normalization) throws(TensorError) -> any Kernel
}
