import Apus
import Formats
import Geometry
import TestSupport
import Testing

/// Steps of optimizers on functions of one or two variables, and second derivatives.
@Suite struct OptimizerCourseTests {
  static let solutions: [String: Solution] = [
    "004-ws21-4d-momentum": momentum, "004-ec2r23-2b-exp-loss": exponentialLoss,
    "004-ec2r23-3a-adam": adamUncorrected, "004-mid21-3b-rate": optimalRate,
    "004-mid21-4-rprop": signsOnly, "004-mk24-4-sgd": descent, "004-mr24-6-rates": largestRates,
    "004-mk24-6-surface": saddle,
  ]

  @Test(arguments: solutions.keys.sorted(), TestDevice.allCases)
  func agrees(_ id: String, _ device: TestDevice) throws {
    try Course.check(id, on: device, try #require(Self.solutions[id]))
  }

  /// Where an optimizer goes on a function of one number, step by step.
  private static func path(
    _ optimizer: any Optimizer, from start: Tensor, steps: Int,
    of function: (Tensor) throws -> Tensor
  ) throws -> [Tensor] {
    let x = Parameter(start)
    return try (0..<steps).map { _ in
      let (_, gradients) = try valueAndGradients(of: [x]) { try function(x.value) }
      try optimizer.update([x], along: gradients)
      return x.value
    }
  }

  @Sendable private static func momentum(_ problem: CourseCase) throws -> [String: any Answer] {
    let (rate, share) = (try problem.number("learning_rate"), try problem.number("momentum"))
    let paths = try [Convention.pyTorch, .keras].map { form in
      try path(
        SGD(learningRate: rate, momentum: share, convention: form), from: problem.tensor("x0"),
        steps: problem.count("steps")
      ) { try square($0) }
    }
    let apart = try zip(paths[0], paths[1]).map { try abs($0 - $1).scalar() }
    return ["x": paths[0], "forms_agree": apart.allSatisfy { $0 < 1e-6 }]
  }

  @Sendable private static func exponentialLoss(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    let weights = Parameter(try problem.tensor("w"))
    let before = weights.value
    let (x, y) = (try problem.tensor("x"), try problem.tensor("y"))
    let margin = try y * dot(before, x)
    let (loss, gradients) = try valueAndGradients(of: [weights]) {
      try Loss.exponential(dot(weights.value, x), y)
    }
    try SGD(learningRate: problem.number("learning_rate")).update([weights], along: gradients)
    return [
      "z": margin, "loss": loss, "delta_w": try weights.value - before, "w_new": weights.value,
    ]
  }

  @Sendable private static func adamUncorrected(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    let weights = Parameter(try problem.tensor("w"))
    let optimizer = try Adam(
      learningRate: problem.number("learning_rate"), beta1: problem.number("beta1"),
      beta2: problem.number("beta2"), epsilon: problem.number("eps"),
      biasCorrection: problem["bias_correction"].boolean ?? true)
    let (_, gradients) = try valueAndGradients(of: [weights]) {
      let w = try weights.value.split(parts: 2)
      return try 3 * square(w[0]) + 1.5 * pow(w[1], 3)
    }
    try optimizer.update([weights], along: gradients)
    return [
      "grad": gradients[0], "v": try #require(optimizer.slot("m", of: weights)),
      "s": try #require(optimizer.slot("v", of: weights)), "w_new": weights.value,
    ]
  }

  /// In float64: the first of the two steps goes to -88, which leaves float32 few digits.
  @Sendable private static func optimalRate(_ problem: CourseCase) throws -> [String: any Answer] {
    let a = try problem.tensor("a").cast(to: .float64)
    let (b, c) = (try problem.number("b"), try problem.number("c"))
    func f(_ x: Tensor) throws -> Tensor { try a * square(x) * 0.5 + x * b + c }
    func slope(_ x: Tensor) throws -> Tensor {
      try valueAndGradients(at: [x]) { try f($0[0]) }.gradients[0]
    }
    let start = try problem.tensor("x0").cast(to: .float64)
    var x = start
    for rate in try problem["rates"].numbers() { x = try x - slope(x) * rate }
    // One step of Newton's from anywhere is the minimum of a parabola.
    let second = try hessian(of: f, at: start)
    let minimum = try start - slope(start) / second
    return [
      "second_rate": try 1 / second, "x_after_two": x, "x_min": minimum, "f_min": try f(minimum),
    ]
  }

  @Sendable private static func signsOnly(_ problem: CourseCase) throws -> [String: any Answer] {
    func f(_ x: Tensor) throws -> Tensor { try 24 * square(x) + 16 * x + 12 }
    func slope(_ x: Tensor) throws -> Tensor {
      try valueAndGradients(at: [x]) { try f($0[0]) }.gradients[0]
    }
    let (start, size) = (try problem.tensor("x0"), try problem.number("step0"))
    let (up, down) = (try problem.number("eta_plus"), try problem.number("eta_minus"))
    let steps = try problem.count("steps")
    let skipping = try path(
      RProp(learningRate: size, increase: up, decrease: down), from: start, steps: steps, of: f)

    // The case's own variant: where the sign has changed, again from the last point with less.
    var (accepted, step) = (start, size)
    var direction = try sign(slope(start))
    var tried: [Tensor] = []
    for _ in 0..<steps {
      let x = try accepted - direction * step
      tried.append(x)
      let next = try sign(slope(x))
      if try next.scalar() == direction.scalar() {
        (accepted, step) = (x, step * up)
      } else {
        step *= down
      }
      direction = try sign(slope(accepted))
    }
    let minimum = try start - slope(start) / hessian(of: f, at: start)
    return [
      "x": tried, "x_first_5": Array(tried.prefix(5)), "torch_rprop_variant": skipping,
      "x_min": minimum, "f_min": try f(minimum),
    ]
  }

  @Sendable private static func descent(_ problem: CourseCase) throws -> [String: any Answer] {
    let points = try path(
      SGD(learningRate: problem.number("learning_rate")), from: problem.tensor("x0"),
      steps: problem.count("steps")
    ) { try square(2 * $0 + 3) }
    return ["p": points]
  }

  @Sendable private static func largestRates(_ problem: CourseCase) throws -> [String: any Answer] {
    func f(_ x: Tensor) throws -> Tensor {
      let v = try x.split(parts: 3)
      return try (3 * pow(v[0], 3) + 3 * square(v[1]) + 4 * v[2] + 5).sum()
    }
    let points = try problem["points"].list().map { try $0.tensor() }
    let slopes = try points.map { point in
      try valueAndGradients(at: [point]) { try f($0[0]) }.gradients[0]
    }
    let curvatures = try points.map { try hessian(of: f, at: $0).scalars() }
    // The second derivative with respect to p is a multiple of it, the others are constants.
    let factors = try zip(points, curvatures).map { try $1[0] / $0.scalars()[0] }
    #expect(factors[0] == factors[1] && curvatures[0][4] == curvatures[1][4])
    let ofQ = Double(curvatures[0][4])
    // Without curvature along r, a slope there goes down for ever.
    let isFlat = curvatures.allSatisfy { $0[6...8].allSatisfy { $0 == 0 } }
    let descends = try slopes.allSatisfy { try $0.scalars()[2] != 0 }
    return [
      "gradient_1_1_1": slopes[0], "gradient_2_1_1": slopes[1],
      "second_derivatives_at_p": JSON.object([
        "p": .string("\(Int(factors[0]))*p"), "q": .number(ofQ),
        "r": .number(Double(curvatures[0][8])),
      ]),
      "rate_q": 1 / ofQ, "largest_rate_q": 2 / ofQ, "has_minimum": !(isFlat && descends),
    ]
  }

  /// Newton's method to the stationary point, and the eigenvalues there.
  @Sendable private static func saddle(_ problem: CourseCase) throws -> [String: any Answer] {
    func f(_ w: Tensor) throws -> Tensor {
      let (x, y) = (try w.slice(axis: 0, 0..<1), try w.slice(axis: 0, 1..<2))
      return try (pow(x - y, 3) - 2 * (square(x) - y) + square(x) + square(y)).sum()
    }
    func slope(_ w: Tensor) throws -> Tensor {
      try valueAndGradients(at: [w]) { try f($0[0]) }.gradients[0]
    }
    // float64: the point has to be met better than float32's differences can tell.
    var point = try Tensor([2, 0], shape: [2]).cast(to: .float64)
    for _ in 0..<12 {
      let step = try solve(hessian(of: f, at: point), slope(point).expanded(at: 1))
      point = try point - step.squeezed(axes: [1])
    }
    #expect(try slope(point).norm().scalar() < 1e-9)
    let curvature = try hessian(of: f, at: point)
    let values = try curvature.symmetricEigen().values
    let signs = try values.scalars()
    let third = try slope(concatenate([point, Tensor([7], shape: [1]).cast(to: .float64)]))
    return [
      "stationary": point, "E": try f(point), "H": curvature, "eigenvalues": values,
      "kind": signs[0] * signs[1] < 0 ? "saddle" : signs[0] > 0 ? "minimum" : "maximum",
      "dE_dw3": try third.slice(axis: 0, 2..<3).reshaped(to: []),
    ]
  }
}
