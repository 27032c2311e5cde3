public import Geometry
public import Layers

/// An architecture by name, as the command knows it.
///
///     let model = Architecture.resnet50.make(classes: 10)
///     let same = try Architecture.named("resnet50").make(classes: 10)
public struct Architecture: Sendable {
  public let name: String
  /// What its paper used, without the batch.
  public let input: Shape
  /// The scalar type of its inputs.
  public let inputType: ScalarType
  /// How many classes it has if not told otherwise.
  public let classes: Int
  /// What it learns.
  public let purpose: Purpose
  private let build: @Sendable (ModelOptions) -> any Layer

  init(
    _ name: String, input: Shape, as inputType: ScalarType = .float32, classes: Int,
    for purpose: Purpose = .classification,
    _ build: @escaping @Sendable (ModelOptions) -> any Layer
  ) {
    self.name = name
    self.input = input
    self.inputType = inputType
    self.classes = classes
    self.purpose = purpose
    self.build = build
  }

  /// A new model with weights still to be made.
  public func make(classes: Int? = nil, includeTop: Bool = true) -> any Layer {
    build(ModelOptions(classes: classes ?? self.classes, includeTop: includeTop))
  }

  /// All of them.
  public static let all: [Architecture] = [
    .mlp, .lenet, .vgg16, .vgg16BatchNorm, .resnet20, .resnet50, .densenet121, .mobilenet, .unet,
    .autoencoder, .charLSTM,
  ]

  /// - Throws: `TensorError` that lists the names, if there is no such one.
  public static func named(_ name: String) throws(TensorError) -> Architecture {
    guard let found = all.first(where: { $0.name == name }) else {
      throw TensorError(
        .argument, "model", "there is none called \(name)",
        hint: "there are \(all.map(\.name).joined(separator: ", "))")
    }
    return found
  }
}

/// What can be chosen of an architecture.
struct ModelOptions: Sendable {
  let classes: Int
  /// Whether the layers that make classes of features are there.
  let includeTop: Bool
}
