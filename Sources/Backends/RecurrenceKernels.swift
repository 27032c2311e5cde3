package import Geometry

/// Recurrent networks over whole sequences.
package protocol RecurrenceKernels {
  /// Bindings, all contiguous: the projected inputs, the recurrent kernel `[units, gates · units]`;
  /// if the recurrence has them the candidate's bias `[units]`, the state it starts from, an LSTM's
  /// cell, the mask `[batch, steps]` of bools; then the result.
  func recurrence(_ recurrence: Recurrence) throws(TensorError) -> any Kernel

  /// Bindings: the recurrent kernel; if the recurrence has them the state, the cell, the mask; what
  /// `recurrence` made, with gates; the gradient of the states, that of the cells if `hasCells`;
  /// then the result.
  func recurrenceGradient(_ recurrence: Recurrence, hasCells: Bool) throws(TensorError)
    -> any Kernel
}
