import Apus
import Geometry
import Testing

/// Systems for images and tables, in miniature.
@Suite struct ImageSystemsTests {
  /// GoogLeNet's block: four branches side by side.
  private final class Inception: Layer {
    let single = Conv2D(4, kernel: 1, activation: .relu)
    let middle = Sequential {
      Conv2D(3, kernel: 1, activation: .relu)
      Conv2D(6, kernel: 3, padding: .same, activation: .relu)
    }
    let large = Sequential {
      Conv2D(2, kernel: 1, activation: .relu)
      Conv2D(3, kernel: 5, padding: .same, activation: .relu)
    }
    let pooled = Sequential {
      MaxPool2D(3, stride: 1, padding: .same)
      Conv2D(2, kernel: 1, activation: .relu)
    }

    func forward(_ x: Tensor) throws(TensorError) -> Tensor {
      try concatenate([single(x), middle(x), large(x), pooled(x)], axis: -1)
    }
  }

  @Test func inceptionBlock() throws {
    try withSeed(31) {
      let block = Inception()
      let x = try Tensor.normal([2, 9, 9, 5])
      let y = try block(x)
      #expect(y.shape == [2, 9, 9, 15])
      #expect(try abs(y.slice(axis: 3, 4..<10) - block.middle(x)).max().scalar() == 0)
      let slopes = try valueAndGradients(of: block.parameters) { try square(block(x)).mean() }
      #expect(try slopes.gradients.allSatisfy { try abs($0).max().scalar() > 0 })
    }
  }

  /// One fully convolutional net gives classes a pixel, for images of any size.
  @Test func fullyConvolutionalOnVariedSizes() throws {
    try withSeed(32) {
      let model = Sequential {
        Conv2D(8, kernel: 3, stride: 2, padding: .same, activation: .relu)
        Conv2DTranspose(2, kernel: 4, stride: 2, padding: .same)
      }
      try model.build(input: [1, 8, 8, 1])
      let parameters = try model.parameters
      let optimizer = Adam(learningRate: 0.02)
      func batch(_ rows: Int, _ columns: Int) throws -> (Tensor, Tensor) {
        let x = try Tensor.normal([2, rows, columns, 1])
        return (x, try greater(x, Tensor(0)).cast(to: .int32).squeezed(axes: [3]))
      }
      var losses: [Float] = []
      for step in 0..<150 {
        let (x, labels) = try batch([8, 12, 16][step % 3], [8, 12][step % 2])
        losses += try descend(parameters, optimizer, steps: 1) {
          try Loss.softmaxCrossEntropy(model(x), labels)
        }
      }
      #expect(losses[149] < losses[0] * 0.75, "\(losses[0]) \(losses[149])")
      let (x, labels) = try batch(20, 10)
      let right = try equal(model(x).argmax(axis: 3).cast(to: .int32), labels).cast(to: .float32)
      #expect(try right.mean().scalar() > 0.65)
    }
  }

  /// An unknown kernel is found from an image and what the kernel made of it.
  @Test func unknownKernelIsFoundByDescent() throws {
    try withSeed(33) {
      let kernel = try Tensor([1, 0, -1, 2, 0, -2, 1, 0, -1], shape: [3, 3, 1, 1])
      let x = try Tensor.normal([4, 10, 10, 1])
      let made = try conv2D(x, kernel)
      let layer = Conv2D(1, kernel: 3, useBias: false)
      try layer.build(input: x.shape)
      try descend(layer.parameters, Adam(learningRate: 0.1), steps: 120) {
        try Loss.squared(layer(x), made)
      }
      let found = try #require(layer.kernel.parameter).value
      #expect(try abs(found - kernel).max().scalar() < 0.02, "\(found)")
    }
  }

  /// A dense layer on an image is a convolution with the same weights.
  @Test func denseLayerAsAConvolution() throws {
    try withSeed(34) {
      let layer = Dense(7)
      let x = try Tensor.normal([3, 4, 5, 2])
      let y = try layer(Flatten()(x))
      let convolution = Conv2D(7, kernel: [4, 5])
      try convolution.kernel.assign(
        #require(layer.kernel.parameter).value.reshaped(to: [4, 5, 2, 7]))
      let same = try convolution(x).squeezed(axes: [1, 2])
      #expect(try abs(y - same).max().scalar() < 1e-5)
      let larger = try convolution(Tensor.normal([3, 6, 5, 2]))
      #expect(larger.shape == [3, 3, 1, 7])
    }
  }

  /// Network in network: small perceptrons at each position, then the mean of each map.
  @Test func networkInNetwork() throws {
    try withSeed(35) {
      let model = Sequential {
        Conv2D(8, kernel: 3, padding: .same, activation: .relu)
        for _ in 0..<2 { Conv2D(8, kernel: 1, activation: .relu) }
        Conv2D(3, kernel: 1)
        GlobalAveragePool()
      }
      let labels = try Tensor((0..<12).map { Int32($0 % 3) }, shape: [12])
      // Each class is bright in one channel.
      let colour = try oneHot(labels, depth: 3).reshaped(to: [12, 1, 1, 3])
      let x = try Tensor.normal([12, 6, 6, 3]) * 0.3 + colour
      try model.build(input: x.shape)
      let losses = try descend(model.parameters, Adam(learningRate: 0.02), steps: 80) {
        try Loss.softmaxCrossEntropy(model(x), labels)
      }
      #expect(losses[79] < 0.1, "\(losses[79])")
    }
  }

  /// A picture and a table joined: the price depends on both.
  private final class CarPrice: Module {
    let image = Sequential {
      Conv2D(4, kernel: 3, activation: .relu)
      GlobalAveragePool()
    }
    let table = Dense(8, activation: .relu)
    let head = Dense(1)

    func callAsFunction(_ pixels: Tensor, _ numbers: Tensor) throws -> Tensor {
      try call(pixels, numbers) {
        try head(concatenate([image(pixels), table(numbers)], axis: -1))
      }
    }
  }

  @Test func twoInputs() throws {
    try withSeed(36) {
      let model = CarPrice()
      let pixels =
        try Tensor.uniform([32, 6, 6, 1], from: 0, to: 1)
        * Tensor.uniform([32, 1, 1, 1], from: 0, to: 2)
      let numbers = try Tensor.normal([32, 3])
      let price = try pixels.mean(axes: [1, 2]) * 3 + numbers.slice(axis: 1, 0..<1)
      _ = try model(pixels, numbers)
      let losses = try descend(model.parameters, Adam(learningRate: 0.02), steps: 200) {
        try Loss.squared(model(pixels, numbers), price)
      }
      #expect(losses[199] < losses[0] / 20, "\(losses[0]) \(losses[199])")
      let summary = try model.summary(inputs: [pixels, numbers]) { try model(pixels, numbers) }
      #expect(summary.rows.map(\.path) == ["image.0", "image.1", "table", "head"])
      let error = #expect(throws: TensorError.self) { try model(pixels, .zeros([32, 4])) }
      #expect(error?.path == "table")
    }
  }

  /// A trained model with another number of classes: all but the head stays.
  @Test func newHeadForOtherClasses() throws {
    try withSeed(37) {
      let trained = Architecture.lenet.make()
      try trained.build(input: [1, 28, 28, 1])
      let body = try #require(trained as? Sequential)
      let model = Sequential {
        body[0..<(body.count - 1)]
        Dense(26)
      }
      body[0..<4].freeze()
      let x = try Tensor.normal([2, 28, 28, 1])
      #expect(try model(x).shape == [2, 26])
      let before = try body.namedParameters.prefix(4).map { try $0.parameter.value.bytes() }
      try descend(model.parameters, SGD(learningRate: 0.1), steps: 2) {
        try square(model(x)).mean()
      }
      #expect(try body.namedParameters.prefix(4).map { try $0.parameter.value.bytes() } == before)
      #expect(try model.parameters.map(\.shape).last == [26])
    }
  }

  /// Feature maps and activation maps of inner layers, as images.
  @Test func innerFeatureMaps() throws {
    let model = Architecture.lenet.make()
    let x = try withSeed(38) { try Tensor.normal([1, 28, 28, 1]) }
    let maps = try model.features(at: ["0", "2"], of: x)
    #expect(maps.map(\.shape) == [[1, 28, 28, 6], [1, 10, 10, 16]])
    let planes = try maps[0].squeezed(axes: [0]).permuted([2, 0, 1])
    #expect(planes.shape == [6, 28, 28])
    #expect(try planes.min().scalar() == 0)
  }
}
