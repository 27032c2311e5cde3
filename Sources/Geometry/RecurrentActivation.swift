/// What a recurrent network applies to its sums. Its slope follows from its value.
public enum RecurrentActivation: UInt8, Hashable, Sendable, CaseIterable {
  case tanh, sigmoid, relu
  /// The sum itself.
  case linear
  /// A sixth of the sum plus a half, between 0 and 1.
  case hardSigmoid
}
