/// Stops as soon as a number of a step is not finite: all that follows would be NaN too.
public final class TerminateOnNaN: Callback {
  /// What was not finite where, if that has ended the training.
  public private(set) var reason: String?

  public init() {}

  public func began(_ context: TrainingContext) { reason = nil }

  public func stepEnded(_ context: TrainingContext) {
    // Nearly always one number, and finite.
    guard context.values.values.contains(where: { !$0.isFinite }) else { return }
    stop(context, "of step \(context.valuesStep)")
  }

  public func epochEnded(_ context: TrainingContext) {
    guard let loss = context.values["loss"], !loss.isFinite else { return }
    stop(context, "of epoch \(context.epoch)")
  }

  private func stop(_ context: TrainingContext, _ place: String) {
    let found = context.values.filter { !$0.value.isFinite }.sorted { $0.key < $1.key }
    guard let (name, value) = found.first else { return }
    let text = "\(name) \(place) is \(value)"
    context.warn(
      "\(text): a smaller learning rate, clipped gradients, or withDebugChecks to find its origin")
    context.stop(text)
    reason = text
  }
}
