import Apus
import Geometry
import Testing

/// Models that make samples: whether each can be written and learns, in miniature.
@Suite struct GenerativeSystemsTests {
  private static func critic() -> Sequential {
    Sequential {
      Dense(16, activation: .leakyRelu)
      Dense(1)
    }
  }

  /// Adds a label to what a network sees.
  private static func labelled(_ x: Tensor, _ labels: Tensor) throws -> Tensor {
    try concatenate([x, oneHot(labels, depth: 2)], axis: -1)
  }

  /// A conditional GAN: the generator makes points near 3 for one label and near -3 for the other.
  @Test func conditionalGAN() throws {
    try withSeed(3) {
      let generator = Sequential {
        Dense(16, activation: .relu)
        Dense(1)
      }
      let critic = Self.critic()
      let labels = try Tensor((0..<64).map { Int32($0 % 2) }, shape: [64])
      let centres = try Tensor((0..<64).map { $0 % 2 == 0 ? 3 : -3 }, shape: [64, 1])
      try generator.build(input: [64, 4])
      try critic.build(input: [64, 3])
      let (ofGenerator, ofCritic) = (try generator.parameters, try critic.parameters)
      let first = try Adam(learningRate: 0.01, beta1: 0.5)
      let second = try Adam(learningRate: 0.01, beta1: 0.5)
      func fakes() throws -> Tensor { try generator(Self.labelled(.normal([64, 2]), labels)) }
      func judged(_ x: Tensor, isReal: Double) throws -> Tensor {
        try Loss.sigmoidCrossEntropy(critic(Self.labelled(x, labels)), .full(isReal, [64, 1]))
      }
      for _ in 0..<400 {
        let before = try ofGenerator[0].value.bytes()
        try descend(ofCritic, first, steps: 1) {
          let real = try centres + Tensor.normal([64, 1])
          return try judged(real, isReal: 1) + judged(stopGradient(fakes()), isReal: 0)
        }
        #expect(try ofGenerator[0].value.bytes() == before)
        try descend(ofGenerator, second, steps: 1) { try judged(fakes(), isReal: 1) }
      }
      let made = try fakes().reshaped(to: [32, 2]).mean(axes: [0]).numbers
      #expect(made[0] > 1.5 && made[1] < -1.5, "\(made)")
    }
  }

  /// A Wasserstein GAN whose critic is clipped after each of its steps.
  @Test func wassersteinGAN() throws {
    try withSeed(4) {
      let critic = Sequential {
        Dense(
          16, activation: .leakyRelu, kernel: Weight(constraint: .clip(0.1)),
          bias: Weight(.zeros, constraint: .clip(0.1)))
        Dense(
          1, kernel: Weight(constraint: .clip(0.1)), bias: Weight(.zeros, constraint: .clip(0.1)))
      }
      let place = Parameter(try Tensor([0], shape: [1]))
      try critic.build(input: [64, 1])
      let weights = try critic.parameters
      let (first, second) = (try RMSProp(learningRate: 0.02), try RMSProp(learningRate: 0.05))
      func fake() throws -> Tensor { try Tensor.normal([64, 1]) * 0.2 + place.value }
      for _ in 0..<60 {
        try descend(weights, first, steps: 3) {
          let real = try Tensor.normal([64, 1]) * 0.2 + 2
          return try criticLoss(real: critic(real), fake: critic(stopGradient(fake())))
        }
        for weight in weights { #expect(try abs(weight.value).max().scalar() <= 0.1001) }
        try descend([place], second, steps: 1) { try -critic(fake()).mean() }
      }
      #expect(abs(try place.value.scalar() - 2) < 0.5, "\(place.value)")
    }
  }

  /// An unrolled GAN: the gradient goes through an optimizer's steps. With a critic's loss `(c -
  /// g)²` and steps of rate `r`, two of them give `c₂ - g = (1 - 2r)²·(c - g)`.
  @Test func gradientsGoThroughUnrolledSteps() throws {
    let rate = 0.1
    let start = Parameter(try Tensor([1], shape: []))
    let (value, slopes) = try valueAndGradients(at: [Tensor([3], shape: [])]) { inputs in
      var critic = start.value
      for _ in 0..<2 {
        let slope = try gradients(of: square(critic - inputs[0]), for: [critic])[0]
        critic = try critic - slope * rate
      }
      return try square(critic - inputs[0])
    }
    // d/dg of (1 - 2r)⁴·(c - g)² is -2·(1 - 2r)⁴·(c - g).
    let factor = Float(0.8 * 0.8 * 0.8 * 0.8)
    #expect(abs(try value.scalar() - factor * 4) < 1e-5)
    #expect(abs(try slopes[0].scalar() - factor * 4) < 1e-5)
  }

  /// Minibatch discrimination: how near each sample is to the others tells a collapsed batch.
  @Test func minibatchDiscriminationSeesACollapse() throws {
    let projection = try withSeed(6) { try Tensor.normal([3, 4 * 2]) }
    func nearness(_ x: Tensor) throws -> Tensor {
      let m = try matmul(x, projection).reshaped(to: [x.shape[0], 4, 2])
      let distances = try abs(m.expanded(at: 1) - m.expanded(at: 0)).sum(axes: [3])
      return try exp(-distances).sum(axes: [1]) - 1
    }
    let varied = try withSeed(7) { try Tensor.normal([8, 3]) }
    let collapsed = try varied.slice(axis: 0, 0..<1).broadcast(to: [8, 3])
    let (a, b) = (try nearness(varied).mean().scalar(), try nearness(collapsed).mean().scalar())
    #expect(b == 7 && a < 3)
    // It can be differentiated: a step against it spreads the samples.
    let slope = try valueAndGradients(at: [varied]) { try nearness($0[0]).sum() }.gradients[0]
    #expect(try nearness(varied - slope * 0.05).mean().scalar() < a)
  }

  /// StyleGAN's block: a style from a mapping network scales each channel of normalised features.
  @Test func stylesModulateChannels() throws {
    try withSeed(8) {
      let mapping = Sequential { for _ in 0..<3 { Dense(8, activation: .leakyRelu) } }
      let style = Dense(2 * 4)
      let features = try Tensor.normal([2, 6, 6, 4])
      let z = try Tensor.normal([2, 8])
      func block(_ z: Tensor) throws -> Tensor {
        let parts = try style(mapping(z)).reshaped(to: [2, 1, 1, 8]).split(parts: 2, axis: 3)
        let noise = try Tensor.normal([2, 6, 6, 1], source: RandomSource(seed: 1)) * 0.1
        let normal = try instanceNorm(features + noise)
        return try UpSampling2D(2)(normal * (parts[0] + 1) + parts[1])
      }
      let image = try block(z)
      #expect(image.shape == [2, 12, 12, 4])
      // The style alone decides mean and deviation of a channel.
      let moved = try block(z + 1)
      let means = try abs(image.mean(axes: [1, 2]) - moved.mean(axes: [1, 2])).min().scalar()
      #expect(means > 1e-4)
      let scaled = try instanceNorm(image)
      #expect(try abs(scaled - instanceNorm(moved)).mean().scalar() < 1.99)
      #expect(try block(z).numbers == image.numbers)
    }
  }

  /// A variational autoencoder on points of a line in the plane.
  @Test func variationalAutoencoder() throws {
    try withSeed(9) {
      let encoder = Sequential {
        Dense(16, activation: .tanh)
        Dense(2)
      }
      let decoder = Sequential {
        Dense(16, activation: .tanh)
        Dense(2)
      }
      let along = try Tensor.uniform([128, 1], from: -1, to: 1)
      let x = try concatenate([along, along * 2], axis: 1)
      try encoder.build(input: x.shape)
      try decoder.build(input: [128, 1])
      let parameters = try encoder.parameters + decoder.parameters
      let losses = try descend(parameters, Adam(learningRate: 0.02), steps: 200) {
        let parts = try encoder(x).split(parts: 2, axis: 1)
        let z = try reparameterized(mean: parts[0], logVariance: parts[1])
        let error = try Loss.squared(decoder(z), x, reduction: .sum) / 128
        return try error * 20 + latentDivergence(mean: parts[0], logVariance: parts[1])
      }
      #expect(losses[199] < losses[0] / 4, "\(losses[0]) \(losses[199])")
      // Samples of the prior lie on the line.
      let made = try decoder(Tensor.normal([64, 1]) * 0.7).split(parts: 2, axis: 1)
      #expect(try abs(made[1] - made[0] * 2).mean().scalar() < 0.3)
    }
  }

  /// A denoising autoencoder whose encoder then serves a classifier, frozen, with a new head.
  @Test func pretrainedEncoderServesAClassifier() throws {
    try withSeed(10) {
      let labels = try Tensor((0..<64).map { Int32($0 % 2) }, shape: [64])
      let pattern = try Tensor([1, 0, 1, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0, 1], shape: [2, 8])
      let clean = try pattern.gather(labels)
      let encoder = Dense(4, activation: .tanh)
      let decoder = Dense(8)
      try encoder.build(input: clean.shape)
      try decoder.build(input: [64, 4])
      let losses = try descend(
        encoder.parameters + decoder.parameters, Adam(learningRate: 0.05), steps: 80
      ) {
        // A patch is erased; the whole is to come back.
        let kept = try Tensor.bernoulli([64, 8], probability: 0.8).cast(to: .float32)
        return try Loss.squared(decoder(encoder(clean * kept)), clean)
      }
      #expect(losses[79] < losses[0] / 5, "\(losses[0]) \(losses[79])")
      encoder.freeze()
      let model = Sequential([encoder, Dense(2)])
      try model.build(input: clean.shape)
      let weights = try model.parameters
      #expect(weights.map(\.shape) == [[4, 2], [2]])
      try descend(weights, Adam(learningRate: 0.1), steps: 40) {
        try Loss.softmaxCrossEntropy(model(clean), labels)
      }
      let right = try equal(model(clean).argmax(axis: 1), labels).cast(to: .float32).mean()
      #expect(try right.scalar() == 1)
    }
  }
}
