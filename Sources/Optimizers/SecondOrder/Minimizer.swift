public import Geometry
public import Tensors

/// An optimizer that looks at the loss itself, several times a step: for full batches and smooth
/// functions.
public protocol Minimizer: AnyObject {
  /// Takes one step and returns the loss it ends at. `loss` records the loss of the parameters as
  /// they are, and is called several times.
  func step(_ parameters: [Parameter], _ loss: () throws -> Tensor) throws(TensorError) -> Double
}

extension Minimizer {
  /// Steps until the loss falls by less than `tolerance` of itself, or that many have been taken;
  /// returns the losses, that of the start first.
  @discardableResult
  public func minimize(
    _ parameters: [Parameter], steps: Int = 100, tolerance: Double = 1e-9,
    _ loss: () throws -> Tensor
  ) throws(TensorError) -> [Double] {
    var losses: [Double] = []
    losses.append(try recordedValue(loss))
    for _ in 0..<steps {
      let next = try step(parameters, loss)
      let last = losses[losses.count - 1]
      losses.append(next)
      if !(last - next > tolerance * max(1, Swift.abs(last))) { break }
    }
    return losses
  }
}

/// A point, a direction or a gradient: one tensor a parameter, taken together as one vector.
struct Vector {
  var parts: [Tensor]

  init(_ parts: [Tensor]) { self.parts = parts }

  func dot(_ other: Vector) throws(TensorError) -> Double {
    var sums: [Tensor] = []
    for (a, b) in zip(parts, other.parts) { sums.append(try (a * b).sum().cast(to: .float64)) }
    try evaluate(sums)
    var total = 0.0
    for sum in sums { total += try sum.scalars(as: Double.self)[0] }
    return total
  }

  /// `self + factor · other`
  func adding(_ factor: Double, _ other: Vector) throws(TensorError) -> Vector {
    var sums: [Tensor] = []
    for (a, b) in zip(parts, other.parts) { sums.append(try a + b * factor) }
    return try Vector(sums).computed()
  }

  func scaled(by factor: Double) throws(TensorError) -> Vector {
    var scaled: [Tensor] = []
    for part in parts { scaled.append(try part * factor) }
    return try Vector(scaled).computed()
  }

  func computed() throws(TensorError) -> Vector {
    try evaluate(parts)
    return self
  }
}

/// The loss and its gradient where the parameters are now.
func valueAndGradient(
  _ parameters: [Parameter], _ loss: () throws -> Tensor
) throws(TensorError) -> (value: Double, gradient: Vector) {
  let (value, gradients) = try valueAndGradients(of: parameters, loss)
  try evaluate([value] + gradients)
  return (Double(try value.scalar()), Vector(gradients))
}

/// The loss where the parameters are now, in the phase in which gradients are taken.
func recordedValue(_ loss: () throws -> Tensor) throws(TensorError) -> Double {
  Double(try recorded { try loss().scalar() })
}

/// Puts a point into the parameters, as their constraints let it be.
private func move(_ parameters: [Parameter], to point: Vector) throws(TensorError) {
  for (parameter, part) in zip(parameters, point.parts) {
    try parameter.assign(parameter.constrained(part))
  }
}

/// Walks along `direction` until the loss has fallen enough (Armijo's condition), each time half as
/// far; puts the parameters back where they were if it never does.
///
/// - Returns: how far it went, 0 if nowhere, and the loss there.
func search(
  _ parameters: [Parameter], from start: Vector, along direction: Vector, slope: Double,
  value: Double, first: Double, _ loss: () throws -> Tensor
) throws(TensorError) -> (length: Double, value: Double) {
  var length = first
  for _ in 0..<40 {
    let point = try start.adding(length, direction)
    try move(parameters, to: point)
    let found = try recordedValue(loss)
    if found <= value + 1e-4 * length * slope { return (length, found) }
    length /= 2
  }
  try move(parameters, to: start)
  return (0, value)
}
