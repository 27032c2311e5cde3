package import Backends
internal import CPUKernels
package import Geometry

extension CPUBackend: SoftmaxKernels {
  package func softmax(_ softmax: Softmax) throws(TensorError) -> any Kernel {
    guard softmax.type == .float32 || softmax.type == .float64 else {
      throw TensorError(.dtype, "softmax", "of \(softmax.type) is not defined")
    }
    return SoftmaxKernel(softmax)
  }
}

private final class SoftmaxKernel: Kernel {
  let label: String
  let workspaceByteCount: Int
  private var shape: softmax_shape
  private let hasSecond: Bool

  init(_ softmax: Softmax) {
    label = "\(softmax.kind) [\(softmax.outer), \(softmax.count), \(softmax.inner)]"
    shape = softmax_shape()
    shape.kind = softmax.kind.code
    shape.is_float64 = softmax.type == .float64
    shape.outer = Int64(softmax.outer)
    shape.count = Int64(softmax.count)
    shape.inner = Int64(softmax.inner)
    shape.scale = softmax.scale
    shape.heads = Int64(max(1, softmax.mask?.heads ?? 1))
    shape.queries = Int64(max(1, softmax.mask?.queries ?? 1))
    shape.is_causal = softmax.mask?.isCausal ?? false
    shape.mask = softmax_unmasked
    if let layout = softmax.mask?.layout {
      shape.mask = softmax.mask?.isBool == true ? softmax_mask_bool : softmax_mask_added
      shape.mask_start = Int64(layout.offset)
      let strides = layout.strides.map { Int64($0) }
      shape.mask_strides = (strides[0], strides[1], strides[2], strides[3])
    }
    hasSecond = softmax.hasMask || softmax.kind.isGradient
    workspaceByteCount = Int(softmax_workspace(&shape))
  }

  func run(_ call: Call) throws(TensorError) {
    let second = hasSecond ? call.address(1) : call.address(0)
    softmax_run(
      &shape, call.address(0), second, call.address(hasSecond ? 2 : 1), call.workspace?.address)
  }
}

extension Softmax.Kind {
  fileprivate var code: softmax_kind {
    switch self {
    case .softmax: softmax_forward
    case .logSoftmax: softmax_logarithm
    case .softmaxGradient: softmax_gradient
    case .logSoftmaxGradient: softmax_logarithm_gradient
    }
  }
}
