import Apus
import Geometry
import Testing

/// Sparsity, reinforcement learning, graphs and what one looks at while a model learns.
@Suite struct LearningSystemsTests {
  /// Hard concrete gates: of eight features two matter, and the other gates come to be shut.
  @Test func hardConcreteGatesShut() throws {
    try withSeed(21) {
      let model = Sequential {
        HardConcreteGates(strength: 0.05, initial: 1)
        Dense(1)
      }
      let x = try Tensor.normal([128, 8])
      let y = try (x.slice(axis: 1, 0..<1) - x.slice(axis: 1, 1..<2)) * 3
      try model.build(input: x.shape)
      try descend(model.parameters, Adam(learningRate: 0.05), steps: 450) {
        try Loss.squared(model(x), y) + (model.regularization() ?? Tensor(0))
      }
      let gates = try #require(model[0] as? HardConcreteGates)
      let open = try gates(.ones([1, 8])).numbers
      #expect(open[0] > 0.9 && open[1] > 0.9, "\(open)")
      #expect(open[2...].filter { $0 == 0 }.count >= 5, "\(open)")
    }
  }

  /// The lottery ticket: prune, put the first weights back, train again; masks stay in force.
  @Test func lotteryTicket() throws {
    try withSeed(22) {
      let model = Sequential {
        Dense(24, activation: .tanh)
        Dense(1)
      }
      let x = try Tensor.normal([64, 4])
      let y = try x.slice(axis: 1, 0..<1) * x.slice(axis: 1, 1..<2)
      try model.build(input: x.shape)
      let named = try model.namedParameters
      let first = Dictionary(uniqueKeysWithValues: named.map { ($0.path, $0.parameter.value) })
      func train() throws -> Float {
        try descend(model.parameters, Adam(learningRate: 0.03), steps: 120) {
          try Loss.squared(model(x), y)
        }.last ?? .nan
      }
      let whole = try train()
      var masks: [String: Tensor] = [:]
      for share in [0.3, 0.5] {
        masks = try model.prune(share: share)
        try model.assign(first)
        let loss = try train()
        #expect(loss < max(0.1, whole * 3), "\(share): \(loss), whole \(whole)")
      }
      for (path, mask) in masks {
        let value = try #require(named.first { $0.path == path }).parameter.value
        #expect(try mask.sum().scalar() == Float(mask.count / 2))
        #expect(try abs(value * (1 - mask)).max().scalar() == 0)
      }
    }
  }

  /// A corridor of five cells: walking right ends it with a reward.
  private struct Corridor {
    var cell = 0

    mutating func step(right: Bool) -> (reward: Double, isOver: Bool) {
      cell = max(0, cell + (right ? 1 : -1))
      return cell == 4 ? (1, true) : (-0.05, false)
    }

    static func observed(_ cells: [Int]) throws -> Tensor {
      try oneHot(Tensor(cells.map(Int32.init), shape: [cells.count]), depth: 5)
    }
  }

  /// Deep Q-learning with a memory, a target network, and the value of the action that was taken.
  @Test func deepQLearning() throws {
    try withSeed(23) {
      func network() -> Sequential {
        Sequential {
          Dense(16, activation: .relu)
          Dense(2)
        }
      }
      let (online, target) = (network(), network())
      try online.build(input: [1, 5])
      try target.build(input: [1, 5])
      func copy() throws {
        let values = try online.namedParameters.map { ($0.path, $0.parameter.value) }
        try target.assign(Dictionary(uniqueKeysWithValues: values))
      }
      // All that can happen, in a memory from which batches are drawn.
      var memory: [(cell: Int, action: Int, reward: Double, next: Int, isOver: Bool)] = []
      for cell in 0..<4 {
        for action in 0..<2 {
          var corridor = Corridor(cell: cell)
          let (reward, isOver) = corridor.step(right: action == 1)
          memory.append((cell, action, reward, corridor.cell, isOver))
        }
      }
      let optimizer = Adam(learningRate: 0.02)
      let parameters = try online.parameters
      for step in 0..<160 {
        if step.isMultiple(of: 8) { try copy() }
        let drawn = try Tensor.uniform([16], from: 0, to: 8).cast(to: .int32)
          .scalars(as: Int32.self).map { memory[min(7, Int($0))] }
        let next = try target(Corridor.observed(drawn.map(\.next))).max(axes: [1])
        let goesOn = try Tensor(drawn.map { $0.isOver ? 0 : 1 }, shape: [16])
        let wanted = try next * goesOn * 0.9 + Tensor(drawn.map { Float($0.reward) }, shape: [16])
        let actions = try Tensor(drawn.map { Int32($0.action) }, shape: [16, 1])
        try descend(parameters, optimizer, steps: 1) {
          let values = try online(Corridor.observed(drawn.map(\.cell)))
          let taken = try values.takeAlongAxis(actions, axis: 1).squeezed(axes: [1])
          return try Loss.huber()(taken, stopGradient(wanted))
        }
      }
      let best = try online(Corridor.observed([0, 1, 2, 3])).argmax(axis: 1)
      #expect(try best.scalars(as: Int32.self) == [1, 1, 1, 1])
      let last = try online(Corridor.observed([3])).max().scalar()
      #expect(abs(last - 1) < 0.2, "\(last)")
    }
  }

  /// Policy gradients over discrete actions, with a baseline and a reward for entropy.
  @Test func policyGradients() throws {
    try withSeed(24) {
      let policy = Dense(2, kernel: Weight(.zeros))
      try policy.build(input: [1, 5])
      let parameters = try policy.parameters
      let optimizer = Adam(learningRate: 0.1)
      for _ in 0..<30 {
        var (cells, actions, returns): ([Int], [Int32], [Double]) = ([], [], [])
        for _ in 0..<6 {
          var corridor = Corridor()
          var rewards: [Double] = []
          for _ in 0..<12 {
            let action = try Tensor.categorical(policy(Corridor.observed([corridor.cell])))
              .scalars(as: Int32.self)[0]
            cells.append(corridor.cell)
            actions.append(action)
            let (reward, isOver) = corridor.step(right: action == 1)
            rewards.append(reward)
            if isOver { break }
          }
          returns += discountedReturns(rewards, discount: 0.9)
        }
        let all = try Tensor(returns.map(Float.init), shape: [returns.count])
        let chosen = try Tensor(actions, shape: [actions.count, 1])
        try descend(parameters, optimizer, steps: 1) {
          let logarithms = try logSoftmax(policy(Corridor.observed(cells)))
          return try policyGradientLoss(
            logProbabilities: logarithms.takeAlongAxis(chosen, axis: 1).squeezed(axes: [1]),
            advantages: all - all.mean(), entropy: -(exp(logarithms) * logarithms).sum(axes: [1]),
            entropyWeight: 0.01)
        }
      }
      let right = try softmax(policy(Corridor.observed([0, 1, 2, 3]))).slice(axis: 1, 1..<2)
      #expect(try right.min().scalar() > 0.6, "\(right)")
    }
  }

  /// Continuous actions: the mean and deviation of a Gaussian policy move to the best action.
  @Test func gaussianPolicy() throws {
    try withSeed(25) {
      let mean = Parameter(try Tensor([0], shape: [1]))
      let logVariance = Parameter(try Tensor([0], shape: [1]))
      try descendOnReward(mean, logVariance)
      #expect(abs(try mean.value.scalar() - 2) < 0.3, "\(mean.value)")
      #expect(try logVariance.value.scalar() < -0.5)
    }
  }

  private func descendOnReward(_ mean: Parameter, _ logVariance: Parameter) throws {
    let optimizer = Adam(learningRate: 0.05)
    for _ in 0..<120 {
      let actions = try stopGradient(
        mean.value + exp(logVariance.value * 0.5) * Tensor.normal([64]))
      let rewards = try -square(actions - 2)
      try descend([mean, logVariance], optimizer, steps: 1) {
        let distance = try square(actions - mean.value) * exp(-logVariance.value)
        let logarithms = try (distance + logVariance.value) * -0.5
        return try policyGradientLoss(
          logProbabilities: logarithms, advantages: rewards - rewards.mean())
      }
    }
  }

  /// The order of a graph's nodes does not matter to what is said of the graph.
  @Test func graphsOfAnySizeAndOrder() throws {
    try withSeed(26) {
      let layers = [GraphConvolution(6, activation: .tanh), GraphConvolution(3)]
      func described(_ nodes: Tensor, _ edges: [(Int32, Int32)]) throws -> Tensor {
        let sources = try Tensor(edges.map(\.0), shape: [edges.count])
        let targets = try Tensor(edges.map(\.1), shape: [edges.count])
        var x = nodes
        for layer in layers { x = try layer(x, sources: sources, targets: targets) }
        return try x.sum(axes: [0])
      }
      let nodes = try Tensor.normal([4, 2])
      let edges: [(Int32, Int32)] = [(0, 1), (1, 2), (2, 3), (3, 0), (0, 2)]
      let order: [Int32] = [2, 0, 3, 1]
      let place = order.indices.map { node in Int32(order.firstIndex(of: Int32(node)) ?? 0) }
      let moved = try nodes.gather(Tensor(order, shape: [4]))
      let renamed = edges.map { (place[Int($0.0)], place[Int($0.1)]) }
      let apart = try described(nodes, edges) - described(moved, renamed)
      #expect(try abs(apart).max().scalar() < 1e-5)
      let larger = try described(Tensor.normal([7, 2]), edges + [(4, 5), (5, 6)])
      #expect(larger.shape == [3])
      let cut = try described(nodes, Array(edges.dropLast()))
      #expect(try abs(cut - described(nodes, edges)).max().scalar() > 1e-3)
    }
  }

  /// An adversarial step along the sign of the input's gradient raises the loss of a trained model.
  @Test func adversarialPerturbation() throws {
    try withSeed(27) {
      let model = Dense(2)
      let labels = try Tensor((0..<32).map { Int32($0 % 2) }, shape: [32])
      let x = try Tensor.normal([32, 6]) + (labels.cast(to: .float32) * 2 - 1).expanded(at: 1)
      try model.build(input: x.shape)
      func loss(_ x: Tensor) throws -> Tensor { try Loss.softmaxCrossEntropy(model(x), labels) }
      try descend(model.parameters, Adam(learningRate: 0.1), steps: 40) { try loss(x) }
      let slope = try withPhase(.inference) { try valueAndGradients(at: [x]) { try loss($0[0]) } }
        .gradients[0]
      let (before, after) = (try loss(x).scalar(), try loss(x + sign(slope) * 0.5).scalar())
      #expect(after > before * 2, "\(before) \(after)")
    }
  }

  /// Vanishing gradients are seen by layer: sigmoids shrink them, rectifiers less.
  @Test func gradientNormsByLayer() throws {
    func norms(_ activation: ActivationFunction) throws -> [Float] {
      try withSeed(28) {
        let model = Sequential {
          for _ in 0..<8 { Dense(16, activation: activation, kernel: Weight(.heNormal)) }
        }
        let x = try Tensor.normal([32, 16])
        try model.build(input: x.shape)
        let kernels = try model.namedParameters.filter { $0.path.hasSuffix("kernel") }
        return try valueAndGradients(of: kernels.map(\.parameter)) { try square(model(x)).mean() }
          .gradients.map { try $0.norm().scalar() }
      }
    }
    let (sigmoids, rectifiers) = (try norms(.sigmoid), try norms(.relu))
    #expect(sigmoids[0] < sigmoids[7] / 100)
    #expect(rectifiers[0] > rectifiers[7] / 10)
  }

  /// Quasi-Newton without a rate, on a function of two variables, with its path.
  @Test func quasiNewtonOnAPlainFunction() throws {
    let point = Parameter(try Tensor([-1.2, 1], shape: [2]))
    func rosenbrock() throws -> Tensor {
      let x = try point.value.split(parts: 2)
      return try (square(1 - x[0]) + 100 * square(x[1] - square(x[0]))).sum()
    }
    let minimizer = try LBFGS()
    var path: [[Float]] = []
    for _ in 0..<60 {
      _ = try minimizer.step([point], rosenbrock)
      path.append(try point.value.numbers)
    }
    let last = try #require(path.last)
    #expect(abs(last[0] - 1) < 0.01 && abs(last[1] - 1) < 0.02, "\(last)")
  }
}
