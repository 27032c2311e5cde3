import Geometry
import Optimizers
import Tensors
import Testing

/// A bowl with its minimum at (1, -2), ten times steeper one way.
private func bowl(_ point: Parameter) throws -> Tensor {
  let offset = try point.value - Tensor([1, -2], shape: [2], on: point.value.device)
  return try (square(offset) * Tensor([10, 1], shape: [2], on: point.value.device)).sum()
}

private typealias Maker = @Sendable () throws -> any Optimizer

@Suite struct OptimizerTests {
  private static let makers: [(String, Maker)] = [
    ("SGD", { try SGD(learningRate: 0.05) }),
    ("Nesterov", { try SGD(learningRate: 0.01, momentum: 0.9, nesterov: true) }),
    ("AdaGrad", { try AdaGrad(learningRate: 1) }),
    ("AdaDelta", { try AdaDelta(learningRate: 30, rho: 0.9, epsilon: 1e-4) }),
    ("RMSProp", { try RMSProp(learningRate: 0.02) }),
    ("centred RMSProp", { try RMSProp(learningRate: 0.02, momentum: 0.5, centered: true) }),
    ("Adam", { Adam(learningRate: 0.1) }),
    ("Adam without correction", { try Adam(learningRate: 0.1, biasCorrection: false) }),
    ("AMSGrad", { try Adam(learningRate: 0.2, amsgrad: true) }),
    ("AdamW", { try AdamW(learningRate: 0.1, weightDecay: 0) }),
    ("Adamax", { try Adamax(learningRate: 0.2) }),
    ("Nadam", { try Nadam(learningRate: 0.1) }),
    ("RAdam", { try RAdam(learningRate: 0.1) }),
    ("Lion", { try Lion(learningRate: 0.02) }),
    ("RProp", { try RProp(learningRate: 0.1) }),
    ("RProp that goes back", { try RProp(learningRate: 0.1, goesBack: true) }),
  ]

  @Test(arguments: makers.map(\.0)) func findsTheMinimum(_ name: String) throws {
    let maker = try #require(Self.makers.first { $0.0 == name }).1
    var ends: [[Float]] = []
    for device in [Device.cpu, try Device.openCL(0)] {
      let point = Parameter(try Tensor([3, 3], shape: [2], on: device))
      let optimizer = try maker()
      for step in 0..<800 {
        if step >= 500, step % 100 == 0 { optimizer.learningRate *= 0.4 }
        let gradients = try valueAndGradients(of: [point]) { try bowl(point) }.gradients
        try optimizer.update([point], along: gradients)
      }
      ends.append(try point.value.scalars())
      #expect(optimizer.stepCount == 800)
    }
    #expect(abs(ends[0][0] - 1) < 0.05 && abs(ends[0][1] + 2) < 0.05, "\(ends)")
    #expect(abs(ends[0][0] - ends[1][0]) < 1e-3 && abs(ends[0][1] - ends[1][1]) < 1e-3, "\(ends)")
  }

  @Test(arguments: makers.map(\.0)) func goesOnFromASavedStateToTheSameBits(_ name: String) throws {
    let maker = try #require(Self.makers.first { $0.0 == name }).1
    let point = Parameter(try Tensor([3, 3], shape: [2]))
    func train(_ optimizer: any Optimizer, _ point: Parameter) throws {
      for _ in 0..<7 {
        let gradients = try valueAndGradients(of: [point]) { try bowl(point) }.gradients
        try optimizer.update([point], along: gradients)
      }
    }
    let first = try maker()
    try train(first, point)
    let saved = try point.value.scalars()
    let state = first.state(of: [("point", point)])
    // What is saved must not change under further steps.
    for tensor in state.tensors.values { _ = try tensor.scalars() }
    try train(first, point)
    let other = Parameter(try Tensor(saved, shape: [2]))
    let second = try maker()
    try second.restore(state, of: [("point", other)])
    try train(second, other)
    #expect(try other.value.scalars() == point.value.scalars())
    #expect(second.stepCount == 14)
  }

  /// Whatever the order of a step's parameters, and after a state was restored in between.
  @Test(arguments: makers.map(\.0)) func slotsBelongToTheirParameters(_ name: String) throws {
    let maker = try #require(Self.makers.first { $0.0 == name }?.1)
    func points() throws -> [Parameter] {
      [Parameter(try Tensor([3, 1], shape: [2])), Parameter(try Tensor([-2, 0.5], shape: [2]))]
    }
    func step(_ optimizer: any Optimizer, _ points: [Parameter]) throws {
      try optimizer.update(points, along: try points.map { try $0.value * 2 })
    }
    func scalars(_ points: [Parameter]) throws -> [[Float]] {
      try points.map { try $0.value.scalars() }
    }
    // Two points by one optimizer, and each by one of its own.
    let (both, apart) = (try points(), try points())
    let (one, own) = (try maker(), [try maker(), try maker()])
    for order in [[0, 1], [1, 0], [1, 0], [0, 1]] {
      try step(one, order.map { both[$0] })
      for index in 0..<2 { try step(own[index], [apart[index]]) }
    }
    #expect(try scalars(both) == scalars(apart))
    let named = [("first", both[0]), ("second", both[1])]
    let (state, values) = (one.state(of: named), both.map(\.value))
    try step(one, both)
    let expected = try scalars(both)
    try step(one, both)
    try one.restore(state, of: named)
    for (point, value) in zip(both, values) { try point.assign(value) }
    try step(one, both)
    #expect(try scalars(both) == expected)
  }

  @Test func clippingByGlobalNormKeepsTheDirection() throws {
    let parameters = [Parameter(try Tensor.zeros([2])), Parameter(try Tensor.zeros([1]))]
    let gradients = [try Tensor([3, 0], shape: [2]), try Tensor([4], shape: [1])]
    #expect(try globalNorm(of: gradients).scalar() == 5)
    let optimizer = try SGD(learningRate: 1, clipping: .globalNorm(1))
    try optimizer.update(parameters, along: gradients)
    let moved = try parameters.map { try $0.value.scalars() }
    #expect(abs(moved[0][0] + 0.6) < 1e-6 && abs(moved[1][0] + 0.8) < 1e-6)
  }

  @Test func momentsCanBeRead() throws {
    let parameter = Parameter(try Tensor.zeros([1]))
    let optimizer = try Adam()
    #expect(optimizer.slot("m", of: parameter) == nil)
    try optimizer.update([parameter], along: [Tensor([2], shape: [1])])
    let (m, v) = (optimizer.slot("m", of: parameter), optimizer.slot("v", of: parameter))
    #expect(try abs((#require(m).scalar()) - 0.2) < 1e-6)
    #expect(try abs((#require(v).scalar()) - 0.004) < 1e-6)
  }

  @Test func impossibleSettingsAreErrors() {
    let bad: [() throws -> any Optimizer] = [
      { try SGD(momentum: 2) }, { try SGD(nesterov: true) }, { try Adam(beta1: 1) },
      { try Adam(weightDecay: -1) }, { try Adam(clipping: .norm(0)) }, { try Lion(beta2: -0.1) },
      { try RProp(increase: 0.5) }, { try Nadam(beta2: 2) }, { try RAdam(beta1: .nan) },
      { try SGD(weightDecay: .infinity) },
    ]
    for make in bad { #expect(throws: TensorError.self) { try make() } }
    #expect(throws: TensorError.self) {
      try SGD(learningRate: .nan).update(
        [Parameter(Tensor.zeros([1]))], along: [Tensor.zeros([1])])
    }
  }
}
