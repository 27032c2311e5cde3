import Geometry
import Layers
import Optimizers
import Tensors
import Testing

/// Two layers and a shortcut around them.
private final class Residual: Layer {
  let first: Dense, second: Dense

  init(_ units: Int) {
    first = Dense(units, activation: .relu)
    second = Dense(units)
  }

  func forward(_ x: Tensor) throws(TensorError) -> Tensor { try second(first(x)) + x }
}

/// Blocks in an array, an optional, a parameter of its own, a head in a dictionary.
private final class Network: Layer {
  let blocks: [Residual]
  var extra: Dense?
  let scale: Parameter
  let heads: [String: Dense]

  init() throws {
    blocks = [Residual(4), Residual(4)]
    scale = Parameter(try Tensor.ones([4]))
    heads = ["left": Dense(2), "right": Dense(3, useBias: false)]
  }

  func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    var x = x
    for block in blocks { x = try block(x) }
    if let extra { x = try extra(x) }
    x = try x * scale.value
    guard let left = heads["left"], let right = heads["right"] else { return x }
    return try concatenate([left(x), right(x)], axis: -1)
  }
}

@Suite struct StructureTests {
  @Test func weightsAreFoundByTheirPathsInTheOrderOfDeclaration() throws {
    let network = try Network()
    network.extra = Dense(4)
    try network.build(input: [1, 4])
    #expect(
      try network.namedParameters.map(\.path) == [
        "blocks.0.first.kernel", "blocks.0.first.bias", "blocks.0.second.kernel",
        "blocks.0.second.bias", "blocks.1.first.kernel", "blocks.1.first.bias",
        "blocks.1.second.kernel", "blocks.1.second.bias", "extra.kernel", "extra.bias", "scale",
        "heads.left.kernel", "heads.left.bias", "heads.right.kernel",
      ])
    #expect(network.module(at: "blocks.1.first") === network.blocks[1].first)
  }

  @Test func parametersOfAnUnbuiltModelAreAnErrorThatNamesThePath() throws {
    let model = Sequential {
      Flatten()
      Dense(3)
    }
    let error = #expect(throws: TensorError.self) { try model.parameters }
    #expect(error?.description.contains("1.kernel") == true)
    try model.build(input: [1, 2, 2])
    #expect(try model.parameters.map(\.shape) == [[4, 3], [3]])
  }

  @Test func aWrongShapeNamesTheWayToTheLayerAndBothShapes() throws {
    let network = try Network()
    try network.build(input: [1, 4])
    let error = #expect(throws: TensorError.self) { try network(Tensor.zeros([2, 5])) }
    #expect(error?.path == "blocks.0.first")
    let text = error?.description ?? ""
    #expect(text.contains("[4, 4]") && text.contains("[2, 5]"), "\(text)")
    let nested = Sequential {
      Dense(4)
      Sequential { Reshape([3, 3]) }
    }
    let other = #expect(throws: TensorError.self) { try nested(Tensor.zeros([2, 5])) }
    #expect(other?.path == "1.0")
  }

  @Test func aSharedLayerIsOneSetOfWeightsWithSummedGradients() throws {
    let shared = Dense(3, useBias: false, kernel: Weight(.ones))
    let model = Sequential {
      shared
      shared
    }
    try model.build(input: [1, 3])
    let parameters = try model.parameters
    #expect(parameters.count == 1)
    let x = try Tensor([1, 2, 3], shape: [1, 3])
    let gradients = try valueAndGradients(of: parameters) { try model(x).sum() }.gradients
    // y = x·W·W with W all ones: ∂/∂W = xᵀ·(W·1)ᵀ + (x·W)ᵀ·1ᵀ
    #expect(try gradients[0].scalars() == [9, 9, 9, 12, 12, 12, 15, 15, 15])
  }

  @Test func builderTakesConditionsLoopsAndArrays() throws {
    func model(isDeep: Bool) -> Sequential {
      Sequential {
        if isDeep { Dense(5) } else { Dense(6) }
        for units in [4, 3] { Dense(units, activation: .relu) }
        [Dense(2), Dense(1)]
      }
    }
    #expect(model(isDeep: true).count == 5)
    #expect(try model(isDeep: false)(Tensor.ones([7, 2])).shape == [7, 1])
    let cut = model(isDeep: true)[..<2]
    #expect(try cut(Tensor.ones([7, 2])).shape == [7, 4])
  }

  @Test func frozenWeightsAreNotAmongTheParameters() throws {
    let model = Sequential {
      Dense(4)
      Dense(2)
    }
    try model.build(input: [1, 3])
    model.module(at: "0")?.freeze()
    #expect(try model.parameters.count == 2)
    #expect(try model.namedParameters.count == 4)
    model.unfreeze()
    #expect(try model.parameters.count == 4)
  }

  @Test func whatWasFrozenIsTrainedAgain() throws {
    final class Gain: Layer {
      let gain = Parameter(try! Tensor.ones([1]))
      func forward(_ x: Tensor) throws(TensorError) -> Tensor { try x * gain.value }
    }
    let layer = Gain()
    layer.freeze()
    #expect(try layer.parameters.isEmpty)
    layer.unfreeze()
    #expect(try layer.parameters.count == 1)
  }

  /// One that has no weights to train is frozen too.
  @Test func frozenBatchNormUsesWhatItHasLearned() throws {
    let layer = BatchNorm(center: false, scale: false)
    let x = try Tensor([1, 3], shape: [2, 1])
    layer.freeze()
    let y = try withPhase(.training) { try layer(x) }
    #expect(try abs(y.scalars()[1] - 3) < 1e-2)
    layer.unfreeze()
    #expect(try withPhase(.training) { try layer(x) }.scalars()[1] < 1.01)
  }

  @Test func statefulLayersInBothDirectionsGoOn() throws {
    let layer = try Bidirectional(
      GRU(2, stateful: true), backward: GRU(2, goBackwards: true, stateful: true))
    let x = try Tensor.ones([1, 3, 2])
    let first = try layer(x).scalars()
    #expect(try layer(x).scalars() != first)
    layer.forward.resetStates()
    layer.backward.resetStates()
    #expect(try layer(x).scalars() == first)
  }

  @Test func minimizersTakeTheLossInOnePhase() throws {
    let x = Parameter(try Tensor([2], shape: [1]))
    var phases: Set<Phase> = []
    try LBFGS().minimize([x], steps: 3) {
      phases.insert(Phase.current)
      return try square(x.value).sum()
    }
    #expect(phases == [.training])
  }

  @Test func valuesArePutInByPathOrNotAtAll() throws {
    let model = Sequential { Dense(2) }
    let kernel = try Tensor([1, 2, 3, 4], shape: [2, 2])
    try model.assign(["0.kernel": kernel])
    try model.assign(["0.bias": Tensor([10, 20], shape: [2])])
    #expect(try model(Tensor([1, 1], shape: [1, 2])).scalars() == [14, 26])
    #expect(throws: TensorError.self) {
      try model.assign(["0.kernel": Tensor.zeros([2, 2]), "0.offset": kernel])
    }
    #expect(throws: TensorError.self) { try model.assign(["0.bias": kernel]) }
    #expect(try model(Tensor([1, 1], shape: [1, 2])).scalars() == [14, 26])
  }

  @Test func masksTravelWithTheirSteps() throws {
    let x = try Tensor.ones([2, 3, 4]).masked(
      by: Tensor([true, true, false, true, false, false], shape: [2, 3]))
    let model = Sequential {
      Dense(5, activation: .tanh)
      Activation(.relu)
    }
    let mask = try #require(try model(x).mask)
    #expect(try mask.scalars(as: Bool.self) == [true, true, false, true, false, false])
    #expect(try Flatten()(x).mask == nil)
    #expect(throws: TensorError.self) { try x.masked(by: Tensor.zeros([2, 4], as: .bool)) }
  }

  @Test func phaseIsTrainingWhereGradientsAreTaken() throws {
    #expect(Phase.current == .inference)
    _ = try valueAndGradients(at: [Tensor(1)]) { inputs in
      #expect(Phase.current == .training)
      withPhase(.inference) { #expect(Phase.current == .inference) }
      return inputs[0]
    }
    withPhase(.training) { #expect(Phase.current == .training) }
  }
}
