import Foundation
import Geometry
import Layers
import Tensors
import Testing

@Suite struct LossTests {
  private func value(
    _ loss: Loss, _ x: [Float], _ t: [Float], shape: Shape? = nil
  ) throws -> Double {
    let shape = shape ?? [x.count]
    return Double(try loss(Tensor(x, shape: shape), Tensor(t, shape: shape)).scalar())
  }

  private func close(_ a: Double, _ b: Double, _ tolerance: Double = 1e-5) -> Bool {
    abs(a - b) <= tolerance * max(1, abs(b))
  }

  @Test func regression() throws {
    #expect(try value(.squared, [1, 2], [0, 4]) == 2.5)
    #expect(try value(.halfSquared, [1, 2], [0, 4]) == 1.25)
    #expect(try value(.absolute, [1, 2], [0, 4]) == 1.5)
    #expect(try value(.huber(delta: 1), [0.5, 3], [0, 0]) == (0.125 + 2.5) / 2)
    #expect(try close(value(.logCosh, [2, 50], [0, 0]), (log(cosh(2)) + 50 - log(2)) / 2))
    #expect(try close(value(.poisson(), [2], [3]), 2 - 3 * log(2)))
    #expect(try close(value(.cosine, [3, 4], [4, 3], shape: [1, 2]), -24.0 / 25))
    let x = try Tensor([1, 0], shape: [1, 2])
    #expect(try Loss.gaussianLikelihood(x, Tensor([3], shape: [1, 1])).scalar() == 2)
    #expect(try Loss.gaussianLikelihood(x, Tensor([3], shape: [1])).scalar() == 2)
    let several = try Tensor.zeros([3, 2])
    for shape in [[1], [1, 1], [3, 2]] as [Shape] {
      #expect(throws: TensorError.self) { try Loss.gaussianLikelihood(several, .zeros(shape)) }
    }
  }

  @Test func classification() throws {
    #expect(try value(.hinge, [0.5, -2], [1, -1]) == 0.25)
    #expect(try value(.squaredHinge, [0.5, -2], [1, -1]) == 0.125)
    #expect(try close(value(.exponential, [1], [1]), exp(-1)))
    #expect(try close(value(.softMargin, [1], [-1]), log(1 + exp(1))))
    #expect(try close(value(.sigmoidCrossEntropy, [0, 100], [1, 1]), log(2) / 2))
    #expect(try close(value(.binaryCrossEntropy(), [0.25, 1], [1, 1]), log(4) / 2))
    #expect(try close(value(.categoricalHinge, [1, 3, 2], [0, 0, 1], shape: [1, 3]), 2))
    let logits = try Tensor([0, 0, 0, 0, 200, 0], shape: [2, 3])
    let labels = try Tensor([2, 1] as [Int32], shape: [2])
    #expect(try close(Double(Loss.softmaxCrossEntropy(logits, labels).scalar()), log(3) / 2))
    // Where the right class has the probability p, focal loss weighs with (1 - p)^2.
    let p = 1 / (1 + exp(-1.0))
    #expect(try close(value(.focal(alpha: 1), [1], [1]), (1 - p) * (1 - p) * -log(p)))
  }

  @Test func divergences() throws {
    #expect(try close(value(.klDivergence, [0.5, 0.5], [1, 0], shape: [1, 2]), log(2)))
    #expect(try value(.klDivergence, [1, 0], [0.5, 0.5], shape: [1, 2]) == .infinity)
    #expect(try close(value(.jensenShannon, [1, 0], [0, 1], shape: [1, 2]), log(2)))
    let p = try Tensor([1, 0], shape: [2])
    let q = try Tensor([0.25, 0.75], shape: [2])
    #expect(try close(Double(klDivergence(p, q, base: 2).scalar()), 2))
    #expect(
      try value(.dice(smooth: 0), [1, 1, 0, 0], [1, 0, 0, 0], shape: [1, 4])
        == Double(Float(1) - Float(1) / 1.5))
    let zero = try Tensor.zeros([1, 3])
    #expect(try latentDivergence(mean: zero, logVariance: zero).scalar() == 0)
    #expect(try latentDivergence(mean: zero + 2, logVariance: zero).scalar() == 6)
  }

  @Test func pairs() throws {
    func row(_ values: Float...) throws -> Tensor { try Tensor(values, shape: [1, values.count]) }
    let triplet = try tripletLoss(
      anchor: row(0, 0), positive: row(3, 4), negative: row(0, 1), margin: 1, epsilon: 0)
    #expect(try triplet.scalar() == 5)
    let far = try contrastiveLoss(row(0, 0), row(3, 4), alike: Tensor([1], shape: [1]))
    #expect(try far.scalar() == 12.5)
    let sampled = try sampledSoftmaxLoss(
      row(1, 0), weights: Tensor([1, 0, 0, 1, 5, 5], shape: [3, 2]),
      labels: Tensor([0] as [Int32], shape: [1]), samples: Tensor([1, 0] as [Int32], shape: [2]))
    // The label itself among the samples does not count.
    #expect(try close(Double(sampled.scalar()), log(1 + exp(-1))))
    let negatives = try Tensor([0, 1], shape: [1, 1, 2])
    let skip = try negativeSamplingLoss(word: row(1, 0), neighbour: row(0, 1), negatives: negatives)
    #expect(try close(Double(skip.scalar()), 2 * log(2)))
  }

  @Test func weightsMasksAndReductions() throws {
    let x = try Tensor([1, 2, 3, 4], shape: [2, 2])
    let t = try Tensor.zeros([2, 2])
    #expect(try Loss.squared(x, t, reduction: .none).scalars() == [1, 4, 9, 16])
    #expect(try Loss.squared(x, t, reduction: .sum).scalar() == 30)
    let weights = try Tensor([1, 0], shape: [2])
    #expect(try Loss.squared(x, t, sampleWeights: weights).scalar() == 1.25)
    let mask = try Tensor([true, false], shape: [2])
    #expect(try Loss.squared(x, t, mask: mask).scalar() == 2.5)
    #expect(throws: TensorError.self) { try Loss.squared(x, Tensor.zeros([2])) }
    #expect(throws: TensorError.self) {
      try Loss.squared(x, t, sampleWeights: Tensor.zeros([3]))
    }
  }

  @Test func probabilitiesInALossOfLogitsAreNoticed() throws {
    let probabilities = try Tensor([0.25, 0.75, 0.5, 0.5], shape: [2, 2])
    #expect(try Loss.softmaxCrossEntropy.warning(for: probabilities) != nil)
    #expect(try Loss.softmaxCrossEntropy.warning(for: probabilities * 4) == nil)
    #expect(try Loss.categoricalCrossEntropy.warning(for: probabilities) == nil)
  }

  @Test func gradientPenaltyHasGradients() throws {
    let weight = Parameter(try Tensor([3, 4], shape: [2, 1]))
    let real = try withSeed(1) { try Tensor.normal([4, 2]) }
    let (penalty, gradients) = try valueAndGradients(of: [weight]) {
      try gradientPenalty(real: real, fake: real * 2) { try matmul($0, weight.value) }
    }
    // The critic is linear: its gradient has the norm 5 everywhere, and d (|w| - 1)² = 2 · 4 ·
    // w/|w|.
    #expect(try close(Double(penalty.scalar()), 16))
    let found = try gradients[0].scalars()
    #expect(abs(found[0] - 4.8) < 1e-4 && abs(found[1] - 6.4) < 1e-4)
  }
}
