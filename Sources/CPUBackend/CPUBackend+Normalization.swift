package import Backends
internal import CPUKernels
package import Geometry

extension CPUBackend: NormalizationKernels {
  package func moments(_ normalization: Normalization) throws(TensorError) -> any Kernel {
    NormalizationKernel(normalization, isMoments: true)
  }

  package func distanceSums(_ normalization: Normalization) throws(TensorError) -> any Kernel {
    NormalizationKernel(normalization, isMoments: false)
  }
}

private final class NormalizationKernel: Kernel {
  let label: String
  let workspaceByteCount: Int
  private var shape: normalization_shape
  private let isMoments: Bool
  /// Between the two results.
  private let distance: Int

  init(_ normalization: Normalization, isMoments: Bool) {
    let (outer, count, inner) = (normalization.outer, normalization.count, normalization.inner)
    label = (isMoments ? "moments" : "distance sums") + " [\(outer), \(count), \(inner)]"
    self.isMoments = isMoments
    shape = normalization_shape(
      is_float64: normalization.type == .float64 ? 1 : 0, outer: Int64(outer), count: Int64(count),
      inner: Int64(inner))
    distance = normalization.resultCount * normalization.type.byteCount
    workspaceByteCount = Int(normalization_workspace(&shape))
  }

  func run(_ call: Call) throws(TensorError) {
    let result = call.address(isMoments ? 1 : 3)
    let workspace = call.workspace?.address
    if isMoments {
      normalization_moments(&shape, call.address(0), result, result + distance, workspace)
    } else {
      normalization_sums(
        &shape, call.address(0), call.address(1), call.address(2), result, result + distance,
        workspace)
    }
  }
}
