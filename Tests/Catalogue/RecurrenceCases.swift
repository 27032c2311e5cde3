internal import Geometry
internal import Tensors

/// Recurrent networks over whole sequences, and single steps of them.
enum RecurrenceCases {
  static let records: [OperationRecord] = [
    sequences(.simpleRNN), sequences(.lstm), sequences(.gru), cells(.simpleRNN), cells(.lstm),
    cells(.gru),
  ]

  private typealias Form = RecurrentForm

  private static func name(_ form: RecurrentForm) -> String {
    form.isCell ? form.kind.rawValue + "Cell" : form.kind.rawValue
  }

  private static func call(_ form: RecurrentForm, _ list: [Tensor]) throws -> [Tensor] {
    let x = Form.Operands(list, of: form)
    switch (form.kind, form.isCell) {
    case (.simpleRNN, false):
      let found = try simpleRNN(
        x.input, kernel: x.kernel, recurrentKernel: x.recurrentKernel, bias: x.bias,
        initialState: x.state, mask: x.mask, activation: form.activation,
        reversed: form.isReversed)
      return [found.outputs, found.state]
    case (.lstm, false):
      let found = try lstm(
        x.input, kernel: x.kernel, recurrentKernel: x.recurrentKernel, bias: x.bias,
        initialState: x.state, initialCell: x.cell, mask: x.mask, activation: form.activation,
        recurrentActivation: form.recurrent, reversed: form.isReversed)
      return [found.outputs, found.state, found.cell]
    case (.gru, false):
      let found = try gru(
        x.input, kernel: x.kernel, recurrentKernel: x.recurrentKernel, bias: x.bias,
        initialState: x.state, mask: x.mask, resetAfter: form.resetAfter,
        activation: form.activation, recurrentActivation: form.recurrent,
        reversed: form.isReversed)
      return [found.outputs, found.state]
    case (.simpleRNN, true):
      return [
        try simpleRNNCell(
          x.input, state: x.state ?? x.input, kernel: x.kernel, recurrentKernel: x.recurrentKernel,
          bias: x.bias, activation: form.activation)
      ]
    case (.lstm, true):
      let found = try lstmCell(
        x.input, state: x.state ?? x.input, cell: x.cell ?? x.input, kernel: x.kernel,
        recurrentKernel: x.recurrentKernel, bias: x.bias, activation: form.activation,
        recurrentActivation: form.recurrent)
      return [found.state, found.cell]
    case (.gru, true):
      return [
        try gruCell(
          x.input, state: x.state ?? x.input, kernel: x.kernel, recurrentKernel: x.recurrentKernel,
          bias: x.bias, resetAfter: form.resetAfter, activation: form.activation,
          recurrentActivation: form.recurrent)
      ]
    }
  }

  private static func sample(
    _ form: RecurrentForm, _ index: Int, _ type: ScalarType = .float32,
    view: Input.View = .plain
  ) -> Sample {
    let inputs = form.inputs(type, seed: seeded(name(form), index), view: view)
    let isHalf = type == .float16 || type == .bfloat16
    let products = form.batch * form.time * (form.features + form.units) * form.gates * form.units
    return Sample(
      name(form), form.attributes, inputs,
      differentiable: type == .float32 ? Array(inputs.indices) : [],
      tolerance: .scaled(isHalf ? 2 : 24), operations: 2 * Double(products),
      call: { try call(form, $0) }, reference: { form.reference($0) }
    ).with {
      $0.gradientTolerance = .scaled(96)
      // A kernel that meets no state but zeros has no gradient.
      $0.mayBeZero = form.time < 2 || form.mask != nil || form.activation == .relu
      $0.isSmooth = form.activation != .relu && form.recurrent != .hardSigmoid
      $0.runsEverywhere = form.activation == .tanh && form.recurrent == .sigmoid
    }
  }

  private static func sequences(_ kind: RecurrentForm.Kind) -> OperationRecord {
    var forms: [RecurrentForm] = []
    func add(_ change: (inout RecurrentForm) -> Void) {
      var form = Form(kind: kind)
      change(&form)
      forms.append(form)
    }
    add { _ in }
    add { $0.hasState = true }
    add { $0.isReversed = true }
    add {
      $0.isReversed = true
      $0.hasState = true
    }
    add { $0.hasBias = false }
    add {
      $0.hasBias = false
      $0.hasState = true
    }
    // Gaps, zeros at the start, and a row without any step.
    for mask in [[1, 0, 1, 1, 1, 0], [0, 0, 1, 1, 0, 0], [0, 0, 0], [0, 1, 1, 0, 0, 0.0]] {
      add { $0.mask = mask }
      add {
        $0.mask = mask
        $0.hasState = true
      }
      add {
        $0.mask = mask
        $0.hasState = true
        $0.isReversed = true
      }
    }
    for (batch, time, features, units) in [
      (1, 1, 1, 1), (0, 3, 2, 2), (2, 0, 2, 2), (3, 1, 4, 5), (1, 12, 2, 3), (5, 2, 1, 7),
      (7, 3, 3, 8), (6, 4, 5, 9), (13, 3, 8, 16), (17, 2, 9, 17), (64, 2, 3, 4), (3, 5, 7, 33),
      (2, 2, 16, 65),
    ] {
      add { ($0.batch, $0.time, $0.features, $0.units) = (batch, time, features, units) }
    }
    add { form in
      (form.batch, form.time, form.units) = (0, 2, 2)
      form.hasState = true
    }
    add { $0.features = 0 }
    for activation in [RecurrentActivation.relu, .linear, .sigmoid, .hardSigmoid] {
      add { $0.activation = activation }
    }
    if kind != .simpleRNN {
      add { $0.recurrent = .hardSigmoid }
      add { $0.recurrent = .tanh }
    }
    if kind == .gru {
      for hasState in [false, true] {
        add {
          $0.resetAfter = false
          $0.hasState = hasState
        }
      }
      add {
        $0.resetAfter = false
        $0.mask = [1, 0, 1, 0, 1, 1]
        $0.isReversed = true
      }
    }
    var samples = forms.enumerated().map { sample($1, $0) }
    for (index, view) in Input.View.allCases.dropFirst().enumerated() {
      samples.append(sample(Form(kind: kind), 100 + index, view: view))
    }
    for (index, type) in Shapes.everyFloat.enumerated() {
      samples.append(sample(Form(kind: kind, hasState: true, mask: [1, 0, 1]), 110 + index, type))
    }
    return OperationRecord(
      kind.rawValue, family: "Recurrence", samples: samples,
      badCalls: badCalls(Form(kind: kind, hasState: true, mask: [1])),
      benchmarks: [
        sample(Form(kind: kind, batch: 64, time: 100, features: 128, units: 256), 800),
        sample(Form(kind: kind, batch: 16, time: 32, features: 32, units: 64), 801),
      ])
  }

  private static func cells(_ kind: RecurrentForm.Kind) -> OperationRecord {
    var forms: [RecurrentForm] = []
    for (batch, features, units) in [
      (1, 1, 1), (2, 3, 4), (0, 2, 2), (3, 1, 5), (1, 7, 2), (5, 2, 7), (7, 3, 8), (6, 5, 9),
      (13, 8, 16), (17, 9, 17), (2, 0, 3), (4, 4, 33), (64, 3, 4), (65, 2, 3), (2, 16, 65),
    ] {
      forms.append(
        Form(
          kind: kind, batch: batch, time: 1, features: features, units: units, hasState: true,
          isCell: true))
    }
    let usual = Form(kind: kind, time: 1, hasState: true, isCell: true)
    func add(_ change: (inout RecurrentForm) -> Void) {
      var form = usual
      change(&form)
      forms.append(form)
    }
    add { $0.hasBias = false }
    for activation in [RecurrentActivation.relu, .linear, .sigmoid, .hardSigmoid] {
      add { $0.activation = activation }
      add {
        $0.activation = activation
        $0.hasBias = false
      }
    }
    if kind == .gru { add { $0.resetAfter = false } }
    var samples = forms.enumerated().map { sample($1, $0) }
    samples += Input.View.allCases.dropFirst().enumerated().map {
      sample(usual, 100 + $0, view: $1)
    }
    samples += Shapes.everyFloat.enumerated().map { sample(usual, 110 + $0, $1) }
    return OperationRecord(
      kind.rawValue + "Cell", family: "Recurrence", samples: samples, badCalls: badCalls(usual))
  }

  /// Each operand in turn of a wrong shape, type or device.
  private static func badCalls(_ form: RecurrentForm) -> [BadCall] {
    let good = form.inputs(.float32, seed: 1)
    var calls: [BadCall] = []
    func bad(_ what: String, _ kind: TensorError.Kind, _ number: Int, _ input: Input) {
      var inputs = good
      inputs[number] = input
      calls.append(BadCall(what, [kind], inputs) { _ = try call(form, $0) })
    }
    for (number, input) in good.enumerated() {
      let shape = input.shape
      let wrong = [
        Array(shape.dropLast()), shape + [1], Array(shape.dropLast()) + [(shape.last ?? 0) + 1],
        [(shape.first ?? 0) + 1] + shape.dropFirst(),
      ]
      for shape in wrong {
        bad("shape of \(number)", .shape, number, Input(shape, input.type, input.values))
      }
      let types: [ScalarType] =
        input.type == .bool ? [.int32, .float32] : [.float64, .int32, .bool]
      for type in types {
        bad("type of \(number)", .dtype, number, Input(shape, type, .integers(0, 1)))
      }
      calls.append(
        BadCall("device of \(number)", [.device], good, stranger: number) {
          _ = try call(form, $0)
        })
    }
    let empty = Input([0, 0])
    bad("no units", .shape, 2, empty)
    return calls
  }
}
