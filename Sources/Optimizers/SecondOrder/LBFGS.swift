public import Geometry
public import Tensors

/// Newton's method with the curvature guessed from the last gradients (Liu and Nocedal 1989), and a
/// line search in place of a rate.
public final class LBFGS: Minimizer {
  private let history: Int
  /// Differences of points and of gradients, oldest first.
  private var pairs: [(step: Vector, change: Vector, inverse: Double)] = []

  /// - Parameter history: how many past steps the curvature is guessed from.
  public init(history: Int = 10) throws(TensorError) {
    guard history > 0 else {
      throw TensorError(.argument, "LBFGS", "a history of \(history) steps")
    }
    self.history = history
  }

  public func step(
    _ parameters: [Parameter], _ loss: () throws -> Tensor
  ) throws(TensorError) -> Double {
    let start = Vector(parameters.map(\.value))
    let (value, gradient) = try valueAndGradient(parameters, loss)
    var direction = try self.direction(against: gradient)
    var slope = try direction.dot(gradient)
    if !(slope < 0) {
      // The guess is no descent: forget it.
      pairs = []
      direction = try gradient.scaled(by: -1)
      slope = try direction.dot(gradient)
    }
    // Without a guess of the curvature the first step must not be larger than 1.
    let first = pairs.isEmpty ? min(1, 1 / max((-slope).squareRoot(), 1e-12)) : 1
    let found = try search(
      parameters, from: start, along: direction, slope: slope, value: value, first: first, loss)
    guard found.length > 0 else {
      pairs = []
      return value
    }
    let after = try valueAndGradient(parameters, loss).gradient
    // Not the direction times its length: constraints may have bent the way.
    let step = try Vector(parameters.map(\.value)).adding(-1, start)
    let change = try after.adding(-1, gradient)
    let curvature = try step.dot(change)
    if curvature > 1e-10 * (try change.dot(change)) {
      pairs.append((step, change, 1 / curvature))
      if pairs.count > history { pairs.removeFirst() }
    }
    return found.value
  }

  /// The gradient times the guessed inverse of the Hessian, turned round: the two-loop recursion.
  private func direction(against gradient: Vector) throws(TensorError) -> Vector {
    var q = gradient
    var weights: [Double] = []
    for pair in pairs.reversed() {
      let weight = try pair.inverse * pair.step.dot(q)
      weights.append(weight)
      q = try q.adding(-weight, pair.change)
    }
    if let last = pairs.last {
      q = try q.scaled(by: 1 / (last.inverse * last.change.dot(last.change)))
    }
    for (pair, weight) in zip(pairs, weights.reversed()) {
      q = try q.adding(weight - pair.inverse * pair.change.dot(q), pair.step)
    }
    return try q.scaled(by: -1)
  }
}
