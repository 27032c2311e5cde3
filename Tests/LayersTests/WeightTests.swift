import Geometry
import Layers
import Optimizers
import Tensors
import Testing

@Suite struct WeightTests {
  private static let families: [(Initializer, Double)] = [
    (Initializer.glorotUniform, 0.004), (Initializer.glorotNormal, 0.004),
    (Initializer.heUniform, 2 / 300.0), (Initializer.heNormal, 2 / 300.0),
    (Initializer.lecunUniform, 1 / 300.0), (Initializer.lecunNormal, 1 / 300.0),
    (Initializer.varianceScaling(scale: 3, fan: .output, distribution: .normal), 0.015),
  ]

  @Test(arguments: families)
  func varianceFollowsTheFan(_ initializer: Initializer, _ variance: Double) throws {
    let values = try withSeed(7) { try initializer([300, 200], on: .cpu) }
    #expect(abs(try Double(values.variance().scalar()) / variance - 1) < 0.03)
    #expect(abs(try Double(values.mean().scalar())) < 0.001)
  }

  @Test func fansOfFiltersCountTheTaps() throws {
    let values = try withSeed(7) { try Initializer.heNormal([3, 3, 32, 64], on: .cpu) }
    #expect(abs(try Double(values.variance().scalar()) * 9 * 32 / 2 - 1) < 0.05)
  }

  @Test(arguments: [([6, 4] as Shape), [4, 6], [3, 2, 5]])
  func orthogonalMatricesKeepLengths(_ shape: Shape) throws {
    let matrix = try withSeed(3) { try Initializer.orthogonal(gain: 2)(shape, on: .cpu) }
      .reshaped(to: [shape.count / shape.last, shape.last])
    let isTall = matrix.shape[0] >= matrix.shape[1]
    let product = try matmul(matrix, matrix, transposeLeft: isTall, transposeRight: !isTall)
    let error = try (product - Tensor.eye(product.shape[0]) * 4).norm().scalar()
    #expect(error < 1e-5)
  }

  @Test func penaltiesAddUpAndHaveGradients() throws {
    let layer = Dense(
      2, kernel: Weight(.constant(2), regularizer: .l2(0.5)),
      bias: Weight(.constant(-3), regularizer: .l1(0.1)))
    try layer.build(input: [1, 3])
    let (penalty, gradients) = try valueAndGradients(of: layer.parameters) {
      try layer.regularization() ?? Tensor(0)
    }
    #expect(try penalty.scalar() == 12.6)
    let values = try gradients[0].scalars()
    #expect(values == [Float](repeating: 2, count: 6))
    #expect(try gradients[1].scalars() == [-0.1, -0.1])
    #expect(try Dense(2).regularization() == nil)
  }

  @Test func constraintsHoldAfterEachStep() throws {
    let constraints: [(Constraint, (Tensor) throws -> Bool)] = [
      (.nonNegative, { try $0.min().scalar() >= 0 }),
      (.clip(0.01), { try abs($0).max().scalar() <= 0.01 }),
      (.maxNorm(0.5), { try $0.norm(axes: [0]).max().scalar() <= 0.5001 }),
      (.unitNorm(), { try abs($0.norm(axes: [0]) - 1).max().scalar() < 1e-5 }),
    ]
    for (constraint, holds) in constraints {
      let layer = withSeed(5) {
        Dense(4, kernel: Weight(.normal(standardDeviation: 1), constraint: constraint))
      }
      try layer.build(input: [1, 3])
      let parameters = try layer.parameters
      let optimizer = try SGD(learningRate: 0.1)
      let x = try Tensor.ones([2, 3])
      for _ in 0..<3 {
        let gradients = try valueAndGradients(of: parameters) { try layer(x).sum() }.gradients
        try optimizer.update(parameters, along: gradients)
        #expect(try holds(parameters[0].value), "\(constraint.name)")
      }
    }
  }

  @Test func pruningLeavesAConstraintInForce() throws {
    let layer = Dense(2, useBias: false)
    try layer.build(input: [1, 4])
    layer.kernel.constraint = .nonNegative
    try layer.prune(share: 0.5)
    try layer.kernel.assign(.full(-1, [4, 2]))
    #expect(try layer.kernel.parameter?.value.scalars() == [Float](repeating: 0, count: 8))
    try layer.kernel.assign(.ones([4, 2]))
    #expect(try layer.kernel.parameter?.value.sum().scalar() == 4)
  }

  @Test func prunedWeightsStayZero() throws {
    let mask = try Tensor([1, 0, 0, 1], shape: [2, 2])
    let layer = Dense(2, useBias: false, kernel: Weight(.ones))
    try layer.build(input: [1, 2])
    layer.kernel.constraint = .mask(mask)
    let parameters = try layer.parameters
    let optimizer = Adam(learningRate: 0.1)
    for _ in 0..<2 {
      let gradients = try valueAndGradients(of: parameters) {
        try layer(Tensor.ones([1, 2])).sum()
      }
      .gradients
      try optimizer.update(parameters, along: gradients)
    }
    let values = try parameters[0].value.scalars()
    #expect(values[1] == 0 && values[2] == 0 && values[0] < 1 && values[0] == values[3])
  }
}
