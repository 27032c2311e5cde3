import Geometry
import Layers
import Models
import Tensors
import Testing

/// A wrong shape anywhere in ResNet-50 is reported with the layer's path and both shapes.
@Suite struct WrongShapeTests {
  /// Every convolution and norm of the model and its head: the first weight of each, made wrong by
  /// one in its last axis but one.
  @Test func everyLayerOfResNetNamesItself() throws {
    let model = Architecture.resnet50.make(classes: 10)
    try model.build(input: [1, 64, 64, 3])
    let x = try Tensor.zeros([1, 64, 64, 3])
    let named = try model.namedParameters.filter {
      $0.path.hasSuffix("kernel") || $0.path.hasSuffix("scale")
    }
    #expect(named.count == 53 + 53 + 1)
    for (path, parameter) in named {
      let owner = String(path.dropLast(path.hasSuffix("kernel") ? 7 : 6))
      let broken = Architecture.resnet50.make(classes: 10)
      let right = Array(parameter.shape)
      var wrong = right
      wrong[max(0, wrong.count - 2)] += 1
      switch broken.module(at: owner) {
      case let layer as Conv2D: try layer.kernel.assign(.zeros(Shape(wrong)))
      case let layer as Dense: try layer.kernel.assign(.zeros(Shape(wrong)))
      case let layer as BatchNorm: try layer.scale?.assign(.zeros(Shape(wrong)))
      default: Issue.record("\(owner) is no layer with weights")
      }
      let error = #expect(throws: TensorError.self) { try broken(x) }
      #expect(error?.path == owner)
      let text = error?.description ?? ""
      #expect(text.contains("\(right)") && text.contains("\(wrong)"), "\(text)")
    }
  }

  /// Several at once are all listed, each with its path.
  @Test func severalMistakesAreListedAtOnce() throws {
    let model = Architecture.resnet50.make(classes: 10)
    let places = ["0", "6.body.3", "11.shortcut.0", "19.body.6"]
    for place in places {
      let layer = try #require(model.module(at: place) as? Conv2D, "\(place)")
      try layer.kernel.assign(.zeros([2, 2, 9, 9]))
    }
    let mistakes = try model.check(input: [64, 64, 3])
    #expect(Set(mistakes.map(\.path)).isSuperset(of: places))
    for mistake in mistakes where places.contains(mistake.path) {
      #expect(mistake.description.contains("[2, 2, 9, 9]"))
    }
  }
}
