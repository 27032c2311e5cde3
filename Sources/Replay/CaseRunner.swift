package import Tensors

/// How cases of one operation are computed and how far off they may be.
package struct CaseRunner: Sendable {
  package let tolerances: Tolerances
  /// The outputs of the case; they must be recorded from tensors that the arguments handed out.
  package let run: @Sendable (CaseArguments) throws -> [Tensor]

  package init(
    _ tolerances: Tolerances, _ run: @escaping @Sendable (CaseArguments) throws -> [Tensor]
  ) {
    self.tolerances = tolerances
    self.run = run
  }

  /// An operation with one output.
  static func one(
    _ tolerances: Tolerances, _ run: @escaping @Sendable (CaseArguments) throws -> Tensor
  ) -> CaseRunner {
    CaseRunner(tolerances) { [try run($0)] }
  }

  /// The runners of all operations, losses and layers by the name in the files.
  package static let all: [String: CaseRunner] = {
    var all: [String: CaseRunner] = [:]
    for family in [
      elementwise, reduction, matmul, movement, convolution, pooling, normalization, recurrence,
      lookup, softmax, attention, loss, elementLoss, layer,
    ] {
      all.merge(family) { first, _ in first }
    }
    return all
  }()
}
