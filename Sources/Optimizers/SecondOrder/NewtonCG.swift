public import Geometry
public import Tensors

/// Newton's method: the step that would end at the minimum of the quadratic seen from here, found
/// by conjugate gradients on Hessian-vector products, so that no Hessian is formed.
///
/// Where the curvature is not positive the inner loop stops at the direction found so far
/// (Steihaug 1983).
public final class NewtonCG: Minimizer {
  private let iterations: Int
  private let tolerance: Double

  /// - Parameters:
  ///   - iterations: the most Hessian-vector products a step.
  ///   - tolerance: how exactly the inner system is solved, relative to the gradient.
  public init(iterations: Int = 50, tolerance: Double = 1e-4) throws(TensorError) {
    guard iterations > 0, tolerance > 0 else {
      throw TensorError(
        .argument, "NewtonCG", "\(iterations) iterations to a tolerance of \(tolerance)")
    }
    self.iterations = iterations
    self.tolerance = tolerance
  }

  public func step(
    _ parameters: [Parameter], _ loss: () throws -> Tensor
  ) throws(TensorError) -> Double {
    let start = Vector(parameters.map(\.value))
    let (value, gradient) = try valueAndGradient(parameters, loss)
    let norm = try gradient.dot(gradient)
    if norm == 0 { return value }
    var x: Vector?
    var residual = try gradient.scaled(by: -1)
    var direction = residual
    var squares = norm
    for _ in 0..<iterations {
      let product = try curvature(parameters, along: direction, loss)
      let curvature = try direction.dot(product)
      if curvature <= 1e-12 * (try direction.dot(direction)) { break }
      let length = squares / curvature
      if let reached = x {
        x = try reached.adding(length, direction)
      } else {
        x = try direction.scaled(by: length)
      }
      residual = try residual.adding(-length, product)
      let next = try residual.dot(residual)
      if next <= tolerance * tolerance * norm { break }
      direction = try residual.adding(next / squares, direction)
      squares = next
    }
    var newton = residual
    if let x { newton = x }
    let slope = try newton.dot(gradient)
    return try search(
      parameters, from: start, along: newton, slope: slope, value: value, first: 1, loss
    ).value
  }

  /// The product of the Hessian with a direction.
  private func curvature(
    _ parameters: [Parameter], along direction: Vector, _ loss: () throws -> Tensor
  ) throws(TensorError) -> Vector {
    try recorded {
      let values = parameters.map(\.value)
      let first = try gradients(of: loss(), for: values)
      let products = try gradients(of: first, upstream: direction.parts, for: values)
      return try Vector(products).computed()
    }
  }
}
