import Geometry
import Layers
import Tensors
import Testing

/// What a test needs to know of a loss: what it takes, and what does not fit it.
struct LossRecord: Sendable, CustomTestStringConvertible {
  let name: String
  let inputs: [Values]
  let wrong: [Values]
  /// What the error must say: the name and both shapes.
  let says: [String]
  let call: @Sendable ([Tensor]) throws -> Tensor

  var testDescription: String { name }

  init(
    _ name: String, _ inputs: [Values], wrong: [Values], says: [String],
    _ call: @escaping @Sendable ([Tensor]) throws -> Tensor
  ) {
    self.name = name
    self.inputs = inputs
    self.wrong = wrong
    self.says = says
    self.call = call
  }

  /// A loss of predictions and targets of one shape.
  init(_ name: String, _ predictions: Values, _ targets: Values, says: String, _ loss: Loss) {
    self.init(
      name, [predictions, targets], wrong: [.normal([3, 4]), .normal([3, 5])],
      says: [says, "[3, 4]", "[3, 5]"]
    ) { try loss($0[0], $0[1]) }
  }

  static let all: [LossRecord] = elementwise + others

  private static let elementwise: [LossRecord] = {
    let (x, t) = (Values.normal([3, 4]), Values.normal([3, 4]))
    let (p, bits) = (Values.shares([3, 4]), Values.bits([3, 4]))
    let (signs, q) = (Values.signs([3, 4]), Values.distributions([3, 4]))
    return [
      LossRecord("squared", x, t, says: "squared error", .squared),
      LossRecord("halfSquared", x, t, says: "half squared error", .halfSquared),
      LossRecord("absolute", x, t, says: "absolute error", .absolute),
      LossRecord("huber", x, t, says: "huber", .huber(delta: 0.7)),
      LossRecord("logCosh", x, t, says: "log-cosh", .logCosh),
      LossRecord("poisson", p, .shares([3, 4]), says: "poisson", .poisson()),
      LossRecord("cosine", x, t, says: "cosine", .cosine),
      LossRecord("softmaxCrossEntropy", x, q, says: "softmaxCrossEntropy", .softmaxCrossEntropy),
      LossRecord("categoricalCrossEntropy", q, q, says: "nll", .categoricalCrossEntropy),
      LossRecord(
        "sigmoidCrossEntropy", x, bits, says: "sigmoid cross-entropy", .sigmoidCrossEntropy),
      LossRecord(
        "binaryCrossEntropy", p, bits, says: "binary cross-entropy", .binaryCrossEntropy()),
      LossRecord("focal", x, bits, says: "focal", .focal()),
      LossRecord("hinge", x, signs, says: "hinge", .hinge),
      LossRecord("squaredHinge", x, signs, says: "squared hinge", .squaredHinge),
      LossRecord("categoricalHinge", x, q, says: "categorical hinge", .categoricalHinge),
      LossRecord("exponential", x, signs, says: "exponential", .exponential),
      LossRecord("softMargin", x, signs, says: "soft margin", .softMargin),
      LossRecord("klDivergence", q, q, says: "Kullback-Leibler", .klDivergence),
      LossRecord("jensenShannon", q, q, says: "Jensen-Shannon", .jensenShannon),
      LossRecord("dice", p, bits, says: "dice", .dice()),
      LossRecord("tversky", p, bits, says: "tversky", .tversky()),
    ]
  }()

  private static let others: [LossRecord] = {
    let (a, b) = (Values.normal([3, 4]), Values.normal([3, 5]))
    let labels = Values.integers([3], below: 4)
    return [
      LossRecord(
        "gaussianLikelihood", [.normal([3, 4]), .normal([3, 2])], wrong: [a, a],
        says: ["gaussian likelihood", "predictions [3, 4]", "targets [3, 4]"]
      ) { try Loss.gaussianLikelihood($0[0], $0[1]) },
      LossRecord(
        "ctc", [.normal([2, 6, 4]), .integers([2, 2], below: 4)],
        wrong: [.normal([2, 6, 4]), .integers([3, 2], below: 4)],
        says: ["ctc", "[2, 6, 4]", "[3, 2]"]
      ) { try Loss.ctc()($0[0], $0[1]) },
      LossRecord(
        "jensenShannonDivergence", [.distributions([3, 4]), .distributions([3, 4])], wrong: [a, b],
        says: ["[3, 4]", "[3, 5]"]
      ) { try jensenShannonDivergence($0[0], $0[1], base: 2) },
      LossRecord(
        "gaussianDivergence", [a, a, a, a], wrong: [a, a, b, b], says: ["[3, 4]", "[3, 5]"]
      ) {
        try gaussianDivergence(
          mean: $0[0], logVariance: $0[1], fromMean: $0[2], fromLogVariance: $0[3])
      },
      LossRecord(
        "latentDivergence", [a, a], wrong: [a, b], says: ["latentDivergence", "[3, 4]", "[3, 5]"]
      ) { try latentDivergence(mean: $0[0], logVariance: $0[1]) },
      LossRecord(
        "reparameterized", [a, a], wrong: [a, b], says: ["reparameterized", "[3, 4]", "[3, 5]"]
      ) { try reparameterized(mean: $0[0], logVariance: $0[1]) },
      LossRecord("criticLoss", [a, a], wrong: [], says: []) {
        try criticLoss(real: $0[0], fake: $0[1])
      },
      LossRecord(
        "gradientPenalty", [a, a], wrong: [a, b], says: ["gradientPenalty", "[3, 4]", "[3, 5]"]
      ) { inputs in
        try recorded {
          try gradientPenalty(real: inputs[0], fake: inputs[1]) { try (tanh($0) * $0).sum() }
        }
      },
      LossRecord(
        "policyGradientLoss", [.normal([3]), .integers([3], below: 4), .normal([3])],
        wrong: [.normal([3]), .integers([4], below: 4), .normal([3])],
        says: ["policyGradientLoss", "[3]", "[4]"]
      ) {
        // No gradient flows through advantages; integers have none anyway.
        try policyGradientLoss(
          logProbabilities: $0[0], advantages: $0[1].cast(to: .float64), entropy: $0[2],
          entropyWeight: 0.1)
      },
      LossRecord(
        "tripletLoss", [a, a, a], wrong: [a, a, b], says: ["tripletLoss", "[3, 4]", "[3, 5]"]
      ) { try tripletLoss(anchor: $0[0], positive: $0[1], negative: $0[2], margin: 5) },
      LossRecord(
        "contrastiveLoss", [a, a, .shares([3])], wrong: [a, b, .shares([3])],
        says: ["contrastiveLoss", "[3, 4]", "[3, 5]"]
      ) { try contrastiveLoss($0[0], $0[1], alike: $0[2], margin: 5) },
      LossRecord(
        "negativeSamplingLoss", [a, a, .normal([3, 2, 4])], wrong: [a, b, .normal([3, 2, 4])],
        says: ["negativeSamplingLoss", "[3, 4]", "[3, 5]"]
      ) { try negativeSamplingLoss(word: $0[0], neighbour: $0[1], negatives: $0[2]) },
      LossRecord(
        "sampledSoftmaxLoss", [a, .normal([5, 4]), labels, .integers([2], below: 5)],
        wrong: [a, .normal([5, 4]), .integers([3, 1], below: 4), .integers([2], below: 5)],
        says: ["sampledSoftmaxLoss", "[3, 4]", "[3, 1]"]
      ) {
        try sampledSoftmaxLoss($0[0], weights: $0[1], labels: $0[2], samples: $0[3])
      },
    ]
  }()
}
