public import Geometry
public import Tensors

/// The mean of the gradients of several batches: one large batch in small pieces.
///
///     if let gradients = try accumulation.add(gradients) {
///       try optimizer.update(parameters, along: gradients)
///     }
public final class GradientAccumulation {
  /// How many gradients make one.
  public let count: Int
  private var sums: [Tensor] = []
  /// How many batches are in the sums.
  public private(set) var added = 0

  /// - Parameter count: how many gradients make one; positive.
  public init(count: Int) throws(TensorError) {
    guard count > 0 else {
      throw TensorError(.argument, "GradientAccumulation", "over \(count) batches")
    }
    self.count = count
  }

  /// Adds the gradients of one batch; returns the mean with the last of each `count`.
  public func add(_ gradients: [Tensor]) throws(TensorError) -> [Tensor]? {
    if added == 0 {
      sums = gradients
    } else {
      guard gradients.count == sums.count else {
        throw TensorError(
          .argument, "GradientAccumulation", "\(gradients.count) gradients after \(sums.count)")
      }
      for (number, gradient) in gradients.enumerated() {
        sums[number] = try sums[number] + gradient
      }
    }
    added += 1
    // Computed each time: only the sums stay, not the graphs of all batches.
    try evaluate(sums)
    return added == count ? try finish() : nil
  }

  /// The mean of what has been added so far, for a last batch that is not complete; nil for none.
  public func finish() throws(TensorError) -> [Tensor]? {
    guard added > 0 else { return nil }
    var means: [Tensor] = []
    for sum in sums { means.append(try sum / Double(added)) }
    sums = []
    added = 0
    return means
  }
}
