internal import Geometry
internal import Tensors

/// How samples of operations that move elements and compute nothing are made.
struct Moved {
  let name: String
  var family = "Movement"
  var gradientTolerance: Tolerance = .scaled(32)

  typealias Run = @Sendable (Tensor) throws -> Tensor
  typealias Naive = @Sendable (Reference) -> Reference

  /// One case of an operation: the operand's shape, the attributes, the call and what it means.
  struct Form {
    let shape: [Int]
    let attributes: String
    let call: Run
    let reference: Naive

    init(
      _ shape: [Int], _ attributes: String, _ call: @escaping Run, _ reference: @escaping Naive
    ) {
      self.shape = shape
      self.attributes = attributes
      self.call = call
      self.reference = reference
    }
  }

  func sample(_ form: Form, _ type: ScalarType, _ index: Int, view: Input.View = .plain) -> Sample {
    let values: Values =
      type.isFloatingPoint ? .awayFromZero(0.1, 2) : type == .bool ? .bools : .integers(1, 99)
    let input = Input(form.shape, type, values, view: view, seed: seeded(name, index))
    return Sample(
      name, form.attributes, [input], differentiable: type == .float32 ? [0] : [],
      tolerance: .exact, call: { [try form.call($0[0])] }, reference: { [form.reference($0[0])] }
    ).with {
      $0.gradientTolerance = gradientTolerance
      $0.mayBeZero = type == .bool || form.attributes.contains("mostly zero")
      // The gradient is linear, so its gradient is checked on few.
      $0.isTwiceDifferentiable = index % 4 == 0
    }
  }

  /// All forms in float32, some as views, some in every other type.
  func samples(_ forms: [Form]) -> [Sample] {
    var samples = forms.enumerated().map { sample($1, .float32, $0) }
    let full = forms.filter { $0.shape.count > 1 && !$0.shape.contains(0) }.prefix(3)
    for (number, form) in full.enumerated() {
      for (index, view) in Input.View.allCases.dropFirst().enumerated() {
        samples.append(
          sample(form, .float32, 100 + 10 * number + index, view: view).with {
            $0.runsEverywhere = number == 0 && view == .permuted
          })
      }
      for type in ScalarType.allCases where type != .float32 {
        samples.append(
          sample(form, type, 200 + 10 * number).with {
            $0.runsEverywhere = number == 0 && (type == .float64 || type == .uint8)
          })
      }
    }
    return samples
  }

  func record(
    _ forms: [Form], _ badCalls: [BadCall], benchmarks: [Form] = [], cannotFail: String? = nil
  ) -> OperationRecord {
    OperationRecord(
      name, family: family, samples: samples(forms), badCalls: badCalls,
      benchmarks: benchmarks.enumerated().map { sample($1, .float32, 800 + $0) },
      cannotFail: cannotFail)
  }
}

extension BadCall {
  /// A bad call with one tensor.
  static func one(
    _ what: String, _ shape: [Int], _ kinds: Set<TensorError.Kind> = [.shape, .argument, .index],
    call: @escaping @Sendable (Tensor) throws -> Void
  ) -> BadCall {
    BadCall(what, kinds, [Input(shape)]) { try call($0[0]) }
  }
}
