internal import Geometry
internal import Layers
internal import Tensors

extension CaseRunner {
  /// Losses of predictions and targets of one shape, and those of three tensors.
  static let elementLoss: [String: CaseRunner] = [
    "mse": loss { _ in .squared },
    "mae": loss { _ in .absolute },
    "huber": loss { .huber(delta: try $0.number("delta")) },
    "logCosh": loss { _ in .logCosh },
    "hinge": loss { _ in .hinge },
    "squaredHinge": loss { _ in .squaredHinge },
    "exponential": loss { _ in .exponential },
    "softMargin": loss { _ in .softMargin },
    "poisson": loss { .poisson(epsilon: try $0.number("epsilon")) },
    "cosineSimilarity": loss { _ in .cosine },
    // Keras keeps distributions off zero; no case has one there.
    "klDivergence": loss { arguments in
      arguments.skip("epsilon")
      return .klDivergence
    },
    "tripletMargin": .one(.loss) { arguments in
      arguments.skip("convention", "p")
      return try tripletLoss(
        anchor: arguments.tensor("anchor"), positive: arguments.tensor("positive"),
        negative: arguments.tensor("negative"), margin: arguments.number("margin"),
        epsilon: arguments.number("epsilon"), reduction: arguments.reduction())
    },
  ]

  private static func loss(
    _ make: @escaping @Sendable (CaseArguments) throws -> Loss
  ) -> CaseRunner {
    .one(.loss) { arguments in
      arguments.skip("convention")
      let loss = try make(arguments)
      return try loss(
        arguments.tensor("x"), arguments.tensor("target"), reduction: arguments.reduction())
    }
  }
}
