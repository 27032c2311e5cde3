import Backends
import Geometry

extension GuardedBackend: SoftmaxKernels {
  func softmax(_ softmax: Softmax) throws(TensorError) -> any Kernel {
    guarded(
      try base.softmax(softmax), inputs: softmax.hasMask || softmax.kind.isGradient ? 2 : 1,
      results: [(softmax.elementCount, softmax.type)])
  }

  func crossEntropy(_ crossEntropy: CrossEntropy, _ part: CrossEntropy.Part) throws(TensorError)
    -> any Kernel
  {
    let hasGradient = part.upstreamStride != nil
    var results: [(count: Int, type: ScalarType)] = []
    if part.hasLosses { results.append((crossEntropy.rows, crossEntropy.type)) }
    if hasGradient {
      results.append((crossEntropy.rows * crossEntropy.classes, crossEntropy.type))
    }
    return guarded(
      try base.crossEntropy(crossEntropy, part),
      inputs: 2 + (crossEntropy.hasClassWeights ? 1 : 0) + (hasGradient ? 1 : 0), results: results)
  }

  func labelWeights(_ crossEntropy: CrossEntropy) throws(TensorError) -> any Kernel {
    guarded(
      try base.labelWeights(crossEntropy), inputs: crossEntropy.hasClassWeights ? 2 : 1,
      results: [(crossEntropy.rows, crossEntropy.type)])
  }

  func ctc(_ ctc: CTC, _ part: CrossEntropy.Part) throws(TensorError) -> any Kernel {
    let hasGradient = part.upstreamStride != nil
    var results: [(count: Int, type: ScalarType)] = []
    if part.hasLosses { results.append((ctc.batch, ctc.type)) }
    if hasGradient { results.append((ctc.batch * ctc.time * ctc.classes, ctc.type)) }
    return guarded(
      try base.ctc(ctc, part), inputs: hasGradient ? 5 : 4, results: results)
  }
}
