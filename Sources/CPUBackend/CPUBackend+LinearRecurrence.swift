package import Backends
internal import CPUKernels
package import Geometry

extension CPUBackend {
  package func linearRecurrence(_ recurrence: LinearRecurrence) throws(TensorError) -> any Kernel {
    LinearRecurrenceKernel(recurrence)
  }
}

private final class LinearRecurrenceKernel: Kernel {
  let label: String
  private var shape: scan_shape

  init(_ recurrence: LinearRecurrence) {
    label = recurrence.label
    shape = scan_shape(
      type: recurrence.type == .float64 ? scan_float64 : scan_float32, is_product: false,
      is_exclusive: true, is_reversed: recurrence.isReversed, outer: Int64(recurrence.outer),
      count: Int64(recurrence.count), inner: Int64(recurrence.inner))
  }

  func run(_ call: Call) throws(TensorError) {
    scan_recurrence(&shape, call.address(0), call.address(1), call.address(2))
  }
}
