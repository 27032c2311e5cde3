/// A number of an epoch that a callback follows, and what counts as better.
public struct Monitor: Sendable {
  public enum Mode: String, Sendable {
    /// By the name: accuracies and the like are to rise, all else is to fall.
    case automatic
    case minimum, maximum
  }

  /// `val_loss`, for one; nil for `val_loss` where there is validation, else `loss`.
  public let name: String?
  public let mode: Mode
  /// How much better counts as better.
  public let minimumChange: Double
  /// The best so far.
  public internal(set) var best: Double?
  var bestEpoch: Int?

  public init(_ name: String? = nil, mode: Mode = .automatic, minimumChange: Double = 0) {
    self.name = name
    self.mode = mode
    self.minimumChange = abs(minimumChange)
  }

  /// Whether larger numbers of that name are better.
  static func isMaximized(_ name: String) -> Bool {
    let rising = [
      "accuracy", "precision", "recall", "specificity", "auc", "iou", "dice", "r²", "psnr", "ssim",
      "bleu",
    ]
    let plain = name.lowercased().replacing("val_", with: "")
    // F-scores are called F1.0, F0.5.
    let isScore = plain.first == "f" && Double(plain.dropFirst()) != nil
    return isScore || rising.contains { plain.contains($0) }
  }

  /// The name that is followed.
  func name(in values: [String: Double]) -> String {
    name ?? (values["val_loss"] == nil ? "loss" : "val_loss")
  }

  /// Takes an epoch in and says whether it is the best so far; nil if it has no such number.
  mutating func isImproved(by values: [String: Double], epoch: Int) -> Bool? {
    let name = name(in: values)
    guard let value = values[name] else { return nil }
    guard value.isFinite else { return false }
    let rises = mode == .maximum || (mode == .automatic && Self.isMaximized(name))
    if let best, rises ? value <= best + minimumChange : value >= best - minimumChange {
      return false
    }
    best = value
    bestEpoch = epoch
    return true
  }

  /// What is to be said where an epoch has no such number.
  func missing(in values: [String: Double]) -> String {
    "there is no \"\(name(in: values))\" to follow, there are "
      + values.keys.sorted().joined(separator: ", ")
  }

  func write(to state: inout CallbackState) {
    if let best { state.numbers["best"] = best }
    if let bestEpoch { state.numbers["best_epoch"] = Double(bestEpoch) }
  }

  mutating func read(_ state: CallbackState) {
    best = state.numbers["best"]
    bestEpoch = state.numbers["best_epoch"].flatMap(Int.init(exactly:))
  }
}
