/// What an architecture learns: what it gives for a sample, and what is known of one in training.
public enum Purpose: String, Sendable, CaseIterable {
  /// A label for each sample.
  case classification
  /// A label for each pixel of a picture.
  case segmentation
  /// The sample itself, through something narrow.
  case reconstruction
  /// The token that follows, at each place of a text.
  case text
}
