package import Geometry

/// Softmax, its logarithm, cross-entropy, connectionist temporal classification, and the gradients
/// of all.
package protocol SoftmaxKernels {
  /// Elements along an axis that are all -∞ give zeros.
  ///
  /// Bindings: the input, the mask if there is one, then the result. Of a gradient: the softmax or
  /// its logarithm, the gradient of that, then the result. All but the mask contiguous.
  func softmax(_ softmax: Softmax) throws(TensorError) -> any Kernel

  /// Bindings, contiguous: logits, labels or targets, class weights if there are some, upstream
  /// numbers if there is a gradient; then the rows' losses, then the gradient, of these what is
  /// computed.
  func crossEntropy(_ crossEntropy: CrossEntropy, _ part: CrossEntropy.Part) throws(TensorError)
    -> any Kernel

  /// The weight of each row's label, 0 where that is ignored.
  ///
  /// Bindings: labels, class weights if there are some, then the result.
  func labelWeights(_ crossEntropy: CrossEntropy) throws(TensorError) -> any Kernel

  /// Bindings, contiguous: logarithms of probabilities, labels, lengths of inputs and of targets,
  /// upstream numbers if there is a gradient; then the losses, then the gradient, of these what is
  /// computed.
  func ctc(_ ctc: CTC, _ part: CrossEntropy.Part) throws(TensorError) -> any Kernel
}
