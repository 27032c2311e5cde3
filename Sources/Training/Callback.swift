public import Geometry
public import Tensors

/// Something that watches a training and may stop it: written to files, to the screen, to the
/// learning rate.
///
///     final class Announce: Callback {
///       func epochEnded(_ context: TrainingContext) throws {
///         print(context.epoch, context.values["val_accuracy"] ?? .nan)
///       }
///     }
///
/// Every function does nothing if not written. What one throws ends the training.
public protocol Callback: AnyObject {
  /// Once, before the first step; with `context.step` above 0 where a training is resumed.
  func began(_ context: TrainingContext) throws
  func epochBegan(_ context: TrainingContext) throws
  /// Before each step of the optimizer.
  func stepBegan(_ context: TrainingContext) throws
  /// After each step of the optimizer, when it has been started on the device: its own loss is
  /// known one step later.
  func stepEnded(_ context: TrainingContext) throws
  /// After each batch of a validation.
  func validationStepEnded(_ context: TrainingContext) throws
  /// When all numbers of the epoch, those of validation too, are known.
  func epochEnded(_ context: TrainingContext) throws
  /// Once, however the training has ended: `context.outcome` says how.
  func ended(_ context: TrainingContext) throws

  /// Whether it is called after those that are not: for what writes down what the others have done.
  var isRecorder: Bool { get }

  /// What it must keep to go on after a resume as if nothing had happened.
  func state() throws -> CallbackState
  /// Goes on from a state saved earlier; called before `began`.
  func restore(_ state: CallbackState) throws
}

extension Callback {
  public func began(_ context: TrainingContext) throws {}
  public func epochBegan(_ context: TrainingContext) throws {}
  public func stepBegan(_ context: TrainingContext) throws {}
  public func stepEnded(_ context: TrainingContext) throws {}
  public func validationStepEnded(_ context: TrainingContext) throws {}
  public func epochEnded(_ context: TrainingContext) throws {}
  public func ended(_ context: TrainingContext) throws {}
  public var isRecorder: Bool { false }
  public func state() throws -> CallbackState { CallbackState() }
  public func restore(_ state: CallbackState) throws {}
}

/// What a callback keeps in a checkpoint.
public struct CallbackState: Sendable {
  public var numbers: [String: Double] = [:]
  public var texts: [String: String] = [:]
  public var tensors: [String: Tensor] = [:]

  public init() {}

  var isEmpty: Bool { numbers.isEmpty && texts.isEmpty && tensors.isEmpty }
}

/// How a training has ended, or that it has not.
public enum TrainingOutcome: Sendable {
  case running
  /// All epochs are done.
  case finished
  /// A callback stopped it, for this reason.
  case stopped(String)
  case cancelled
  case failed(TensorError)

  /// Whether the model is as it was meant to be: neither cancelled nor failed.
  public var isComplete: Bool {
    switch self {
    case .finished, .stopped: true
    case .running, .cancelled, .failed: false
    }
  }
}
