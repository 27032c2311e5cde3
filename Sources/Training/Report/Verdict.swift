/// What curves of loss tell in plain sentences: whether the model overfits, underfits, or neither.
struct Verdict {
  /// One or two words: `overfitting`.
  let title: String
  let sentence: String

  /// - Parameters:
  ///   - loss: of training, an epoch each.
  ///   - validation: of validation; all NaN if there was none.
  ///   - numbers: what the epochs are called.
  init(loss: [Double], validation: [Double], numbers: [Int]) {
    let pairs = zip(numbers, zip(loss, validation)).map { ($0, $1.0, $1.1) }
    if let broken = pairs.first(where: { $0.1.isInfinite || $0.1.isNaN }) {
      title = "Broken off by numbers"
      sentence =
        "The training loss is not a finite number in epoch \(broken.0): a smaller learning rate, or "
        + "clipping of gradients, may keep it from happening."
      return
    }
    guard let last = pairs.last, let first = pairs.first else {
      (title, sentence) = ("Nothing yet", "No epoch has ended.")
      return
    }
    guard last.2.isFinite else {
      title = "No validation"
      sentence =
        "There were no validation data, so nothing can be said of how well the model does on what it "
        + "has not seen. The training loss went from \(Self.text(first.1)) to \(Self.text(last.1))."
      return
    }
    guard pairs.count > 1 else {
      title = "One epoch"
      sentence =
        "One epoch is too little to tell whether the model overfits: the training loss is "
        + "\(Self.text(last.1)), that of validation \(Self.text(last.2))."
      return
    }
    (title, sentence) = Self.judgement(pairs)
  }

  private static func judgement(_ epochs: [(Int, Double, Double)]) -> (String, String) {
    let first = epochs[0]
    let last = epochs[epochs.count - 1]
    let best = epochs.filter { $0.2.isFinite }.min { ($0.2, $0.0) < ($1.2, $1.0) } ?? last
    // Rises of less than this share of what has been gained are within what one epoch differs by.
    let gained = max(first.2 - best.2, 0)
    let rise = last.2 - best.2
    if best.0 < last.0, rise > max(0.03 * best.2.magnitude, 0.1 * gained), last.1 < best.1 {
      return (
        "Overfitting",
        "The model overfits: validation loss was least in epoch \(best.0), \(text(best.2)), and has "
          + "risen to \(text(last.2)) since, while training loss went on falling to \(text(last.1)). "
          + "The weights of epoch \(best.0) are the ones to use; more data, augmentation, dropout or "
          + "weight decay may help."
      )
    }
    if last.1 > first.1 {
      return (
        "Not learning",
        "Training loss has risen from \(text(first.1)) to \(text(last.1)): the learning rate is "
          + "probably too large."
      )
    }
    let before = epochs[epochs.count - 2]
    let share = before.2 > 0 ? (before.2 - last.2) / before.2 : 0
    if best.0 == last.0, share > 0.02, last.1 < before.1 {
      return (
        "Still improving",
        "The model underfits so far: validation loss was still falling in the last epoch, by "
          + "\(Figures.percent(share)) to \(text(last.2)). More epochs are likely to make it better."
      )
    }
    let gap = last.1 > 0 ? last.2 / last.1 : 1
    if gap > 1.5 {
      return (
        "Some overfitting",
        "Validation loss, \(text(last.2)), is \(Figures.fixed(gap, 1)) times the training loss, "
          + "\(text(last.1)), and no longer falls: the model knows the training data better than what "
          + "it has not seen, though more training has not made it worse."
      )
    }
    return (
      "Well balanced",
      "Training and validation loss have settled close to each other, at \(text(last.1)) and "
        + "\(text(last.2)): neither over- nor underfitting shows. A larger model may do better."
    )
  }

  private static func text(_ value: Double) -> String { Figures.significant(value) }
}
