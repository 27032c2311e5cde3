package import Geometry

/// Softmax, its logarithm, and the gradients of both.
package protocol SoftmaxKernels {
  /// Elements along an axis that are all -∞ give zeros.
  ///
  /// Bindings: the input, the mask if there is one, then the result. Of a gradient: the softmax or
  /// its logarithm, the gradient of that, then the result. All but the mask contiguous.
  func softmax(_ softmax: Softmax) throws(TensorError) -> any Kernel
}
