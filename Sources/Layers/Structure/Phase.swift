internal import Tensors

/// Whether layers learn from what they see or only use what they have learned.
///
/// Dropout drops, and batch norm takes statistics of the batch, in training alone. Inside
/// `valueAndGradients` and `recorded` the phase is training, elsewhere inference, unless
/// `withPhase` says otherwise: gradients of a model as it is used are taken in
/// `withPhase(.inference) { try valueAndGradients(…) }`.
public enum Phase: String, Sendable {
  case training, inference

  /// The phase of what is recorded now.
  public static var current: Phase { scoped ?? (isRecording ? .training : .inference) }

  @TaskLocal fileprivate static var scoped: Phase?
}

/// Runs `body` with layers in `phase`.
public func withPhase<Result>(_ phase: Phase, _ body: () throws -> Result) rethrows -> Result {
  try Phase.$scoped.withValue(phase, operation: body)
}
