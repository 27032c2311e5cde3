import Geometry
import Layers
import Models
import Tensors
import Testing

/// What Keras and the papers count.
@Suite struct ArchitectureTests {
  @Test(arguments: [
    ("vgg16", true, 138_357_544, 0), ("vgg16", false, 14_714_688, 0),
    ("resnet50", true, 25_636_712, 53_120), ("densenet121", true, 8_062_504, 83_648),
    ("mobilenet", true, 4_253_864, 21_888), ("mlp", true, 669_706, 0),
    ("lenet", true, 61_706, 0),
    ("charlstm", true, 96 * 64 + 4 * 256 * (64 + 256 + 1) + 257 * 96, 0),
  ])
  func parametersAreThoseOfKeras(
    _ name: String, _ includeTop: Bool, _ parameters: Int, _ nonTrainable: Int
  ) throws {
    let architecture = try Architecture.named(name)
    let device = try Device.isolated("cpu")
    let summary = try architecture.make(includeTop: includeTop).summary(
      input: architecture.input, as: architecture.inputType, on: device)
    #expect(summary.parameters == parameters)
    #expect(summary.nonTrainable == nonTrainable)
    #expect(try device.memory.peak == 0)
  }

  @Test(arguments: Architecture.all.map(\.name)) func shapesFit(_ name: String) throws {
    let architecture = try Architecture.named(name)
    let model = architecture.make(classes: 7)
    let summary = try model.summary(input: architecture.input, as: architecture.inputType)
    #expect(summary.rows.last?.output.last == 7)
    #expect(summary.multiplications > 0)
    #expect(try model.check(input: architecture.input, as: architecture.inputType).isEmpty)
  }

  @Test func multiplicationsAndReceptiveFieldsOfLeNet() throws {
    let summary = try Architecture.lenet.make().summary(input: [28, 28, 1])
    #expect(
      summary.rows.map(\.multiplications).filter { $0 > 0 } == [
        28 * 28 * 6 * 25, 10 * 10 * 16 * 150, 400 * 120, 120 * 84, 840,
      ])
    #expect(summary.rows[0].receptiveField == [5, 5])
    #expect(summary.rows[1].receptiveField == [6, 6])
    #expect(summary.rows[2].receptiveField == [14, 14])
    #expect(summary.rows[3].receptiveField == [16, 16])
    #expect(summary.rows[5].receptiveField == nil)
  }

  @Test func aWrongShapeInResNetNamesTheLayer() throws {
    let model = Architecture.resnet50.make()
    let inner = try #require(model.module(at: "6.body.3") as? Conv2D)
    try inner.kernel.assign(Tensor.zeros([3, 3, 5, 64]))
    let deep = #expect(throws: TensorError.self) { try model(Tensor.zeros([1, 64, 64, 3])) }
    #expect(deep?.path == "6.body.3")
    #expect(deep?.description.contains("[3, 3, 5, 64]") == true)
    let error = #expect(throws: TensorError.self) { try model(Tensor.zeros([1, 64, 64, 4])) }
    #expect(error?.path == "0")
  }

  @Test func unknownNamesListTheKnown() {
    let error = #expect(throws: TensorError.self) { try Architecture.named("resnet") }
    #expect(error?.description.contains("resnet50") == true)
  }

  @Test(arguments: ["resnet20", "unet", "densenet121", "charlstm"])
  func gradientsReachEveryParameter(_ name: String) throws {
    let architecture = try Architecture.named(name)
    let model = architecture.make(classes: 5)
    let size = name == "resnet20" || name == "densenet121" ? 32 : 16
    let x: Tensor
    if architecture.inputType == .int32 {
      x = try Tensor([1, 2, 3, 4] as [Int32], shape: [2, 2])
    } else {
      x = try withSeed(2) { try .normal([2, size, size, architecture.input.last]) }
    }
    try withSeed(1) { try model.build(input: x.shape, as: x.scalarType) }
    let parameters = try model.parameters
    let gradients = try valueAndGradients(of: parameters) {
      try square(model(x)).mean()
    }.gradients
    var names: [String] = []
    for (gradient, named) in zip(gradients, try model.namedParameters.filter(\.parameter.isTrained))
    where try abs(gradient).max().scalar() == 0 {
      names.append(named.path)
    }
    // A bias in front of batch norm has no effect; there are none in these models.
    #expect(names.isEmpty, "no gradient: \(names)")
  }
}
