/// Closures as a callback.
///
///     LambdaCallback(epochEnded: { print($0.epoch, $0.values) })
public final class LambdaCallback: Callback {
  public typealias Body = (_ context: TrainingContext) throws -> Void

  private let bodies: [String: Body]

  public init(
    began: Body? = nil, epochBegan: Body? = nil, stepBegan: Body? = nil, stepEnded: Body? = nil,
    epochEnded: Body? = nil, ended: Body? = nil
  ) {
    bodies = [
      "began": began, "epochBegan": epochBegan, "stepBegan": stepBegan, "stepEnded": stepEnded,
      "epochEnded": epochEnded, "ended": ended,
    ].compactMapValues(\.self)
  }

  public func began(_ context: TrainingContext) throws { try bodies["began"]?(context) }
  public func epochBegan(_ context: TrainingContext) throws { try bodies["epochBegan"]?(context) }
  public func stepBegan(_ context: TrainingContext) throws { try bodies["stepBegan"]?(context) }
  public func stepEnded(_ context: TrainingContext) throws { try bodies["stepEnded"]?(context) }
  public func epochEnded(_ context: TrainingContext) throws { try bodies["epochEnded"]?(context) }
  public func ended(_ context: TrainingContext) throws { try bodies["ended"]?(context) }
}
