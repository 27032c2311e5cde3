package import Backends
internal import CPUKernels
package import Geometry

extension CPUBackend {
  package func ctc(_ ctc: CTC, _ part: CrossEntropy.Part) throws(TensorError) -> any Kernel {
    CTCKernel(ctc, part)
  }
}

/// Paths are counted in double precision, whatever the type.
private final class CTCKernel: Kernel {
  let label: String
  private let ctc: CTC
  private let part: CrossEntropy.Part
  private var shape: ctc_shape

  init(_ ctc: CTC, _ part: CrossEntropy.Part) {
    label = ctc.label(part)
    self.ctc = ctc
    self.part = part
    shape = ctc_shape(
      is_float64: ctc.type == .float64, label: ctc.labelType.lookupIndex,
      input_length: ctc.inputLengthType.lookupIndex,
      target_length: ctc.targetLengthType.lookupIndex, batch: Int64(ctc.batch),
      time: Int64(ctc.time), classes: Int64(ctc.classes), targets: Int64(ctc.targets),
      blank: Int64(ctc.blank), upstream_stride: Int64(part.upstreamStride ?? 0))
  }

  func run(_ call: Call) throws(TensorError) {
    var operands = ctc_call()
    operands.x = UnsafeRawPointer(call.address(0))
    operands.targets = UnsafeRawPointer(call.address(1))
    operands.input_lengths = UnsafeRawPointer(call.address(2))
    operands.target_lengths = UnsafeRawPointer(call.address(3))
    let hasGradient = part.upstreamStride != nil
    if hasGradient { operands.upstream = UnsafeRawPointer(call.address(4)) }
    let results = hasGradient ? 5 : 4
    if part.hasLosses { operands.losses = call.address(results) }
    if hasGradient { operands.gradient = call.address(results + (part.hasLosses ? 1 : 0)) }
    var position: Int64 = 0
    switch ctc_run(&shape, &operands, &position) {
    case ctc_wrong_label:
      throw error(ctc.labels, shape.label, operands.targets, position)
    case ctc_wrong_input_length:
      throw error(ctc.inputLengths, shape.input_length, operands.input_lengths, position)
    case ctc_wrong_target_length:
      throw error(ctc.targetLengths, shape.target_length, operands.target_lengths, position)
    default: break
    }
  }

  private func error(
    _ range: IndexRange, _ type: lookup_index, _ numbers: UnsafeRawPointer?, _ position: Int64
  ) -> TensorError {
    range.error(value: Int(lookup_value(type, numbers, position)), position: Int(position))
  }
}
