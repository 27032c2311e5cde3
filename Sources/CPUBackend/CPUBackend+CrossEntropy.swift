package import Backends
internal import CPUKernels
package import Geometry

extension CPUBackend {
  package func crossEntropy(_ crossEntropy: CrossEntropy, _ part: CrossEntropy.Part)
    throws(TensorError) -> any Kernel
  {
    CrossEntropyKernel(crossEntropy, part)
  }

  package func labelWeights(_ crossEntropy: CrossEntropy) throws(TensorError) -> any Kernel {
    LabelWeightsKernel(crossEntropy)
  }
}

private final class CrossEntropyKernel: Kernel {
  let label: String
  private var shape: cross_entropy_shape
  private let range: IndexRange
  private let hasClassWeights: Bool
  private let part: CrossEntropy.Part

  init(_ crossEntropy: CrossEntropy, _ part: CrossEntropy.Part) {
    label = crossEntropy.label(part)
    shape = cross_entropy_shape(crossEntropy)
    shape.upstream_stride = Int64(part.upstreamStride ?? 0)
    range = crossEntropy.range
    hasClassWeights = crossEntropy.hasClassWeights
    self.part = part
  }

  func run(_ call: Call) throws(TensorError) {
    var operands = cross_entropy_call()
    operands.x = UnsafeRawPointer(call.address(0))
    operands.targets = UnsafeRawPointer(call.address(1))
    var next = 2
    func address() -> UnsafeMutableRawPointer {
      next += 1
      return call.address(next - 1)
    }
    if hasClassWeights { operands.class_weights = UnsafeRawPointer(address()) }
    if part.upstreamStride != nil { operands.upstream = UnsafeRawPointer(address()) }
    if part.hasLosses { operands.losses = address() }
    if part.upstreamStride != nil { operands.gradient = address() }
    if !cross_entropy_run(&shape, &operands) { throw range.error(&shape, operands.targets) }
  }
}

private final class LabelWeightsKernel: Kernel {
  let label: String
  private var shape: cross_entropy_shape
  private let range: IndexRange
  private let hasClassWeights: Bool

  init(_ crossEntropy: CrossEntropy) {
    label = "weights of \(crossEntropy.rows) labels"
    shape = cross_entropy_shape(crossEntropy)
    range = crossEntropy.range
    hasClassWeights = crossEntropy.hasClassWeights
  }

  func run(_ call: Call) throws(TensorError) {
    let labels = UnsafeRawPointer(call.address(0))
    let weights = hasClassWeights ? UnsafeRawPointer(call.address(1)) : nil
    let result = call.address(hasClassWeights ? 2 : 1)
    if !cross_entropy_weights(&shape, labels, weights, result) {
      throw range.error(&shape, labels)
    }
  }
}

extension cross_entropy_shape {
  fileprivate init(_ crossEntropy: CrossEntropy) {
    self.init()
    is_dense = crossEntropy.labelType == nil
    takes_logits = crossEntropy.takesLogits
    is_float64 = crossEntropy.type == .float64
    has_ignored = crossEntropy.ignoredLabel != nil
    label = crossEntropy.labelType?.lookupIndex ?? lookup_int32
    rows = Int64(crossEntropy.rows)
    classes = Int64(crossEntropy.classes)
    smoothing = crossEntropy.smoothing
    ignored = Int64(crossEntropy.ignoredLabel ?? 0)
  }
}

extension IndexRange {
  /// The error for the first label that is wrong.
  fileprivate func error(
    _ shape: UnsafePointer<cross_entropy_shape>, _ labels: UnsafeRawPointer?
  ) -> TensorError {
    let row = cross_entropy_first_fault(shape, labels)
    guard row >= 0 else { return error() }
    return error(
      value: Int(lookup_value(shape.pointee.label, labels, row)), position: Int(row))
  }
}
