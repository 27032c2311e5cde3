/// Connectionist temporal classification of sequences `[batch, time, classes]` of logarithms of
/// probabilities with labels `[batch, targets]`: its losses, its gradient, or both at once.
package struct CTC: Hashable, Sendable {
  package let type: ScalarType
  package let batch: Int, time: Int, classes: Int
  /// How many labels there is room for.
  package let targets: Int
  package let blank: Int
  package let labelType: ScalarType, inputLengthType: ScalarType, targetLengthType: ScalarType
  package let labels: IndexRange, inputLengths: IndexRange, targetLengths: IndexRange

  package init(
    _ type: ScalarType, batch: Int, time: Int, classes: Int, targets: Int, blank: Int,
    labelType: ScalarType, inputLengthType: ScalarType, targetLengthType: ScalarType,
    operation: String, operands: [TensorInfo]
  ) {
    self.type = type
    self.batch = batch
    self.time = time
    self.classes = classes
    self.targets = targets
    self.blank = blank
    self.labelType = labelType
    self.inputLengthType = inputLengthType
    self.targetLengthType = targetLengthType
    func range(_ highest: Int, _ noun: String) -> IndexRange {
      IndexRange(operation, 0, through: highest, noun: noun, operands: operands)
    }
    labels = range(classes - 1, "label")
    inputLengths = range(time, "input length")
    targetLengths = range(targets, "target length")
  }

  package func label(_ part: CrossEntropy.Part) -> String {
    let what =
      part.upstreamStride == nil
      ? "ctc"
      : part.hasLosses
        ? "ctc and its gradient"
        : "gradient of ctc"
    return "\(what) [\(batch), \(time), \(classes)], \(targets) labels"
  }
}
