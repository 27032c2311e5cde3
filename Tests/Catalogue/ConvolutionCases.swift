internal import Geometry
internal import Tensors

/// Convolutions: every padding, strides and dilations, groups, and channels around the widths that
/// kernels are made for.
enum ConvolutionCases {
  static let records: [OperationRecord] = [
    conv2DRecord, conv1DRecord, depthwiseRecord, separableRecord,
    TransposedConvolutionCases.conv2DRecord, TransposedConvolutionCases.conv1DRecord,
  ]

  typealias Run = @Sendable ([Tensor], ConvolutionForm) throws -> Tensor
  typealias Loops = @Sendable ([Reference], ConvolutionForm) -> Reference

  static func sample(
    _ name: String, _ form: ConvolutionForm, _ index: Int, _ type: ScalarType = .float32,
    outputs: Int? = nil, view: Input.View = .plain, call: @escaping Run, loops: @escaping Loops
  ) -> Sample {
    var inputs = [
      Input(form.x, type, .normal(1), view: view, seed: seeded(name, 3 * index)),
      Input(form.filter, type, .normal(1), seed: seeded(name, 3 * index + 1)),
    ]
    if form.hasBias {
      let count = outputs ?? form.filter.last!
      inputs.append(Input([count], type, .normal(1), seed: seeded(name, 3 * index + 2)))
    }
    return Sample(
      name, form.attributes, inputs, differentiable: Array(inputs.indices),
      tolerance: tolerance(form, type), operations: 2 * Double(form.terms),
      call: { [try call($0, form)] }, reference: { [loops($0, form)] }
    ).with {
      $0.gradientTolerance = .scaled(400)
      $0.mayBeZero = form.terms == 0 || form.padding.isWide || form.x.contains(0)
      $0.runsEverywhere = index < 40
      if type == .float16 || type == .bfloat16 {
        $0.tolerance = .accumulated(4)
        $0.differentiable = []
      }
    }
  }

  /// Convolutions with windows of three by three may be computed by transforms that lose a few
  /// bits.
  private static func tolerance(_ form: ConvolutionForm, _ type: ScalarType) -> Tolerance {
    let isTransformed =
      form.spatial == 2 && form.filter[0] == 3 && form.filter[1] == 3 && form.stride == [1, 1]
    return isTransformed && type == .float32 ? .scaled(335) : .product(form.terms + 1)
  }

  private static let conv2DForms: [ConvolutionForm] = [
    ConvolutionForm([1, 1, 1, 1], [1, 1, 1, 1]),
    ConvolutionForm([2, 5, 5, 3], [3, 3, 3, 4], bias: true),
    ConvolutionForm([2, 5, 6, 3], [3, 3, 3, 5], .same, bias: true),
    ConvolutionForm([1, 1, 1, 4], [3, 3, 4, 5], .same),
    ConvolutionForm([2, 7, 8, 2], [2, 4, 2, 3], .same),
    ConvolutionForm([1, 8, 8, 2], [4, 4, 2, 3], stride: 2, .same),
    ConvolutionForm([2, 7, 6, 3], [3, 3, 3, 8], stride: 2, .same, bias: true),
    ConvolutionForm([1, 9, 9, 2], [2, 2, 2, 3], stride: 3),
    ConvolutionForm([1, 9, 9, 2], [3, 3, 2, 3], .same, dilation: 2),
    ConvolutionForm([1, 9, 7, 4], [3, 2, 4, 3], dilation: 2),
    ConvolutionForm([1, 6, 5, 2], [3, 2, 2, 3], .explicit(before: [0, 1], after: [2, 0])),
    ConvolutionForm([2, 2, 3, 1], [5, 5, 1, 6], .explicit(before: [3, 4], after: [4, 3])),
    ConvolutionForm(
      [1, 3, 3, 2], [2, 2, 2, 2], stride: 4, .explicit(before: [2, 2], after: [3, 3])),
    ConvolutionForm([2, 6, 6, 4], [3, 3, 2, 6], groups: 2),
    ConvolutionForm([2, 5, 4, 6], [3, 3, 2, 9], stride: 2, .same, groups: 3, bias: true),
    ConvolutionForm([2, 6, 7, 4], [3, 3, 1, 4], .same, groups: 4),
    ConvolutionForm([1, 5, 6, 3], [3, 3, 1, 6], stride: 2, .same, groups: 3),
    ConvolutionForm([2, 5, 5, 7], [1, 1, 7, 9], bias: true),
    ConvolutionForm([2, 5, 6, 4], [1, 1, 4, 8], stride: 2, .same),
    ConvolutionForm([0, 5, 5, 3], [3, 3, 3, 4], .same),
    ConvolutionForm([2, 4, 4, 0], [3, 3, 0, 4], .same),
    ConvolutionForm([3, 4, 4, 2], [4, 4, 2, 5]),
    ConvolutionForm([2, 28, 28, 1], [5, 5, 1, 6], .same, bias: true),
    ConvolutionForm([1, 15, 14, 3], [7, 7, 3, 16], stride: 2, .same),
  ]

  /// Channels at and around the widths of vectors and tiles, for each of the methods.
  private static let wideForms: [ConvolutionForm] =
    [1, 4, 5, 7, 8, 9, 16, 17].map {
      ConvolutionForm([1, 7, 6, $0], [3, 3, $0, 16], .same, bias: true)
    }
    + [(16, 16), (15, 33), (32, 24), (64, 63), (63, 65), (65, 64)].map { inputs, outputs in
      ConvolutionForm([2, 9, 10, inputs], [3, 3, inputs, outputs], .same, bias: true)
    }
    + [
      ConvolutionForm([4, 16, 16, 32], [3, 3, 32, 32]),
      ConvolutionForm([2, 6, 5, 32], [3, 3, 32, 32], .explicit(before: [2, 0], after: [1, 3])),
      ConvolutionForm([2, 9, 9, 32], [3, 3, 32, 48], stride: 2, .same),
      ConvolutionForm([2, 8, 8, 64], [5, 5, 64, 32], stride: 2, .same),
      ConvolutionForm([1, 10, 11, 33], [3, 2, 33, 31], .same, dilation: 3),
      ConvolutionForm([1, 8, 8, 64], [3, 3, 32, 64], .same, groups: 2),
      ConvolutionForm([2, 9, 9, 65], [1, 1, 65, 63], bias: true),
      ConvolutionForm([2, 9, 9, 64], [3, 3, 1, 64], .same, groups: 64, bias: true),
      ConvolutionForm([2, 9, 8, 33], [3, 3, 1, 33], stride: 2, .same, groups: 33),
      ConvolutionForm([2, 9, 8, 16], [5, 5, 1, 32], groups: 16),
      ConvolutionForm([1, 23, 22, 3], [7, 7, 3, 64], stride: 2, .same, bias: true),
      ConvolutionForm([1, 17, 17, 4], [5, 5, 4, 20], .same),
    ]

  private static let conv2DRecord: OperationRecord = {
    let call: Run = { operands, form in
      try conv2D(
        operands[0], operands[1], bias: operands.count > 2 ? operands[2] : nil,
        stride: form.stride, padding: form.padding, dilation: form.dilation, groups: form.groups)
    }
    let loops: Loops = { $1.convolution($0) }
    func make(
      _ form: ConvolutionForm, _ index: Int, _ type: ScalarType = .float32,
      view: Input.View = .plain
    ) -> Sample {
      sample("conv2D", form, index, type, view: view, call: call, loops: loops)
    }
    var samples = conv2DForms.enumerated().map { make($1, $0) }
    samples += wideForms.enumerated().map { index, form in
      make(form, 40 + index).with {
        $0.isTwiceDifferentiable = false
        $0.runsEverywhere = index % 3 == 2
      }
    }
    let plain = ConvolutionForm([2, 5, 6, 3], [3, 3, 3, 4], .same, bias: true)
    for (index, view) in Input.View.allCases.dropFirst().enumerated() {
      samples.append(make(plain, 80 + index, view: view))
    }
    for (index, type) in Shapes.everyFloat.enumerated() {
      samples.append(make(plain, 90 + index, type).with { $0.runsEverywhere = true })
      samples.append(
        make(ConvolutionForm([2, 7, 6, 4], [3, 3, 2, 6], stride: 2, groups: 2), 95 + index, type))
    }
    return OperationRecord(
      "conv2D", family: "Convolution", samples: samples, badCalls: badCalls(call),
      benchmarks: [
        make(ConvolutionForm([8, 56, 56, 64], [3, 3, 64, 64], .same), 800),
        make(ConvolutionForm([32, 28, 28, 64], [3, 3, 64, 128], stride: 2, .same), 801),
        make(ConvolutionForm([64, 28, 28, 1], [5, 5, 1, 6], .same), 802),
      ])
  }()

  /// Calls of a convolution with two spatial axes that cannot be.
  private static func badCalls(_ call: @escaping Run) -> [BadCall] {
    func bad(
      _ what: String, _ kinds: Set<TensorError.Kind>, _ form: ConvolutionForm,
      bias: [Int]? = nil, types: [ScalarType] = [.float32, .float32], stranger: Int? = nil
    ) -> BadCall {
      let values = types.map { $0.isFloatingPoint ? Values.normal(1) : .integers(0, 3) }
      var inputs = [
        Input(form.x, types[0], values[0]), Input(form.filter, types[1], values[1]),
      ]
      if let bias { inputs.append(Input(bias)) }
      return BadCall(what, kinds, inputs, stranger: stranger) { _ = try call($0, form) }
    }
    let plain = ConvolutionForm([2, 5, 6, 4], [3, 3, 4, 6])
    func changed(_ body: (inout ConvolutionForm) -> Void) -> ConvolutionForm { plain.with(body) }
    return [
      bad("rank", [.shape], ConvolutionForm([2, 5, 6, 4, 1], [3, 3, 4, 6])),
      bad("filter rank", [.shape], ConvolutionForm([2, 5, 6, 4], [3, 4, 6])),
      bad("channels", [.shape], ConvolutionForm([2, 5, 6, 4], [3, 3, 3, 6])),
      bad("bias", [.shape], plain, bias: [5]),
      bad("bias of two axes", [.shape], plain, bias: [1, 6]),
      bad("window too large", [.argument], ConvolutionForm([2, 5, 6, 4], [6, 3, 4, 6])),
      bad("no taps", [.argument], ConvolutionForm([2, 5, 6, 4], [0, 3, 4, 6])),
      bad("no image", [.argument], ConvolutionForm([2, 0, 6, 4], [3, 3, 4, 6])),
      bad("stride 0", [.argument], changed { $0.stride = [0, 1] }),
      bad("negative stride", [.argument], changed { $0.stride = [1, -2] }),
      bad("one stride", [.argument], changed { $0.stride = [1] }),
      bad("huge stride", [.argument], changed { $0.stride = [1, .max] }),
      bad("dilation 0", [.argument], changed { $0.dilation = [1, 0] }),
      bad("huge dilation", [.argument], changed { $0.dilation = [.max, .max] }),
      bad("three dilations", [.argument], changed { $0.dilation = [1, 1, 1] }),
      bad("dilated too far", [.argument], changed { $0.dilation = [3, 1] }),
      bad("groups 0", [.argument], changed { $0.groups = 0 }),
      bad("negative groups", [.argument], changed { $0.groups = -2 }),
      bad("groups that do not divide", [.shape], changed { $0.groups = 3 }),
      bad("groups too many for the filter", [.shape], changed { $0.groups = 2 }),
      bad("causal", [.argument], changed { $0.padding = .causal }),
      bad(
        "padding for one axis", [.argument],
        changed { $0.padding = .explicit(before: [1], after: [1]) }),
      bad(
        "negative padding", [.argument],
        changed { $0.padding = .explicit(before: [1, -1], after: [1, 1]) }),
      bad(
        "huge padding", [.argument],
        changed { $0.padding = .explicit(before: [1, .max], after: [1, .max]) }),
      bad("integers", [.dtype], plain, types: [.int32, .int32]),
      bad("pixels", [.dtype], plain, types: [.uint8, .uint8]),
      bad("types", [.dtype], plain, types: [.float32, .float64]),
      bad("devices", [.device], plain, stranger: 1),
    ]
  }

  private static let conv1DRecord: OperationRecord = {
    let call: Run = { operands, form in
      try conv1D(
        operands[0], operands[1], bias: operands.count > 2 ? operands[2] : nil,
        stride: form.stride[0], padding: form.padding, dilation: form.dilation[0],
        groups: form.groups)
    }
    var forms: [ConvolutionForm] = [
      ConvolutionForm([1, 1, 1], [1, 1, 1]), ConvolutionForm([2, 1, 3], [3, 3, 4], .causal),
      ConvolutionForm([2, 10, 3], [3, 3, 4], bias: true),
      ConvolutionForm([2, 8, 3], [3, 3, 4], .causal),
      ConvolutionForm([2, 9, 2], [3, 2, 4], .causal, dilation: 2, bias: true),
      ConvolutionForm([2, 9, 3], [4, 3, 5], stride: 2, .same),
      ConvolutionForm([2, 7, 4], [3, 2, 6], .same, groups: 2),
      ConvolutionForm([1, 5, 2], [2, 2, 3], stride: 3),
      ConvolutionForm([1, 2, 2], [5, 2, 3], .explicit(before: [3], after: [4])),
      ConvolutionForm([0, 5, 2], [3, 2, 3]), ConvolutionForm([2, 6, 5], [1, 5, 3], bias: true),
      ConvolutionForm([2, 12, 2], [3, 2, 4], stride: 2, .causal, dilation: 2),
      ConvolutionForm([2, 9, 6], [3, 1, 6], .same, groups: 6),
    ]
    forms += [7, 8, 9, 16, 32, 33, 63, 64, 65].map {
      ConvolutionForm([2, 11, $0], [5, $0, 17], .same, bias: true)
    }
    let loops: Loops = { $1.convolution($0) }
    return OperationRecord(
      "conv1D", family: "Convolution",
      samples: forms.enumerated().map {
        sample("conv1D", $1, $0, call: call, loops: loops)
      }
        + [.float64, .float16].enumerated().map {
          sample("conv1D", forms[2], 60 + $0, $1, call: call, loops: loops)
        },
      badCalls: SequenceBadCalls.list(
        call, plain: ConvolutionForm([2, 5, 4], [3, 4, 6])))
  }()

  private static let depthwiseRecord: OperationRecord = {
    let call: Run = { operands, form in
      try depthwiseConv2D(
        operands[0], operands[1], bias: operands.count > 2 ? operands[2] : nil,
        stride: form.stride, padding: form.padding, dilation: form.dilation)
    }
    let loops: Loops = { operands, form in
      form.asGroups.convolution(
        [operands[0], Reference(form.asGroups.filter, operands[1].values)] + operands.dropFirst(2))
    }
    var forms: [ConvolutionForm] = []
    for (index, channels) in [1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33, 63, 64, 65].enumerated() {
      forms.append(
        ConvolutionForm(
          [2, 6, 7, channels], [3, 3, channels, 1 + index % 2], stride: 1 + index / 2 % 2,
          index % 3 == 0 ? .valid : .same, bias: index % 2 == 0))
    }
    forms += [
      ConvolutionForm([1, 1, 1, 3], [3, 3, 3, 1], .same),
      ConvolutionForm([1, 9, 9, 4], [2, 4, 4, 3], dilation: 2),
      ConvolutionForm([1, 3, 3, 2], [5, 5, 2, 1], .explicit(before: [3, 1], after: [2, 4])),
      ConvolutionForm([0, 5, 5, 3], [3, 3, 3, 1], .same),
      ConvolutionForm([2, 8, 8, 16], [5, 5, 16, 1], stride: 3, .same),
      ConvolutionForm([1, 12, 40, 32], [3, 3, 32, 1], .same, bias: true),
      ConvolutionForm([1, 5, 5, 2], [1, 1, 2, 4]),
    ]
    func make(_ form: ConvolutionForm, _ index: Int, _ type: ScalarType = .float32) -> Sample {
      sample(
        "depthwiseConv2D", form, index, type, outputs: form.filter[2] * form.filter[3], call: call,
        loops: loops
      ).with { $0.tolerance = type.byteCount == 2 ? .accumulated(4) : .product(30) }
    }
    let plain = ConvolutionForm([2, 5, 6, 4], [3, 3, 4, 1])
    return OperationRecord(
      "depthwiseConv2D", family: "Convolution",
      samples: forms.enumerated().map { make($1, $0) }
        + [ScalarType.float64, .bfloat16].enumerated().map { make(forms[2], 60 + $0, $1) },
      badCalls: ImageBadCalls.list(call, plain: plain),
      benchmarks: [make(ConvolutionForm([32, 28, 28, 128], [3, 3, 128, 1], .same), 800)])
  }()

  private static let separableRecord: OperationRecord = {
    func make(_ form: ConvolutionForm, outputs: Int, _ index: Int) -> Sample {
      let parts = form.asGroups
      let inner = parts.filter[3]
      var inputs = [
        Input(form.x, seed: seeded("separable", 4 * index)),
        Input(form.filter, seed: seeded("separable", 4 * index + 1)),
        Input([1, 1, inner, outputs], seed: seeded("separable", 4 * index + 2)),
      ]
      if form.hasBias { inputs.append(Input([outputs], seed: seeded("separable", 4 * index + 3))) }
      return Sample(
        "separableConv2D", form.attributes, inputs, differentiable: Array(inputs.indices),
        tolerance: .scaled(128),
        call: { operands in
          [
            try separableConv2D(
              operands[0], depthwise: operands[1], pointwise: operands[2],
              bias: operands.count > 3 ? operands[3] : nil, stride: form.stride,
              padding: form.padding, dilation: form.dilation)
          ]
        },
        reference: { operands in
          let first = parts.convolution([
            operands[0], Reference(parts.filter, operands[1].values),
          ])
          let mixed = ConvolutionForm(first.shape, [1, 1, inner, outputs])
          return [mixed.convolution([first, operands[2]] + operands.dropFirst(3))]
        }
      ).with {
        $0.gradientTolerance = .scaled(400)
        $0.mayBeZero = form.x.contains(0) || form.padding.isWide
        $0.runsEverywhere = index % 3 == 0
      }
    }
    var samples: [Sample] = []
    for (index, channels) in [1, 2, 3, 4, 5, 7, 8, 9, 16, 17].enumerated() {
      samples.append(
        make(
          ConvolutionForm(
            [2, 5, 6, channels], [3, 3, channels, 1 + index % 2], stride: 1 + index % 2, .same,
            bias: index % 3 == 0), outputs: 3 + index, 2 * index))
      samples.append(
        make(
          ConvolutionForm([1, 7, 6, channels], [2, 3, channels, 1], dilation: 1 + index % 2),
          outputs: 16, 2 * index + 1))
    }
    let call: @Sendable ([Tensor]) throws -> Void = {
      _ = try separableConv2D($0[0], depthwise: $0[1], pointwise: $0[2])
    }
    func bad(
      _ what: String, _ kinds: Set<TensorError.Kind>, _ shapes: [[Int]],
      _ type: ScalarType = .float32, stranger: Int? = nil
    ) -> BadCall {
      let values: Values = type.isFloatingPoint ? .normal(1) : .integers(0, 3)
      return BadCall(
        what, kinds, shapes.map { Input($0, type, values) }, stranger: stranger, call: call)
    }
    let good = [[2, 5, 5, 3], [3, 3, 3, 2], [1, 1, 6, 4]]
    return OperationRecord(
      "separableConv2D", family: "Convolution", samples: samples,
      badCalls: [
        bad("pointwise window", [.shape], [good[0], good[1], [2, 1, 6, 4]]),
        bad("pointwise window", [.shape], [good[0], good[1], [1, 3, 6, 4]]),
        bad("pointwise rank", [.shape], [good[0], good[1], [6, 4]]),
        bad("pointwise channels", [.shape], [good[0], good[1], [1, 1, 5, 4]]),
        bad("depthwise channels", [.shape], [good[0], [3, 3, 4, 2], good[2]]),
        bad("depthwise rank", [.shape], [good[0], [3, 3, 3], good[2]]),
        bad("rank", [.shape], [[5, 5, 3], good[1], good[2]]),
        bad("window", [.argument], [good[0], [6, 3, 3, 2], good[2]]),
        bad("integers", [.dtype], good, .int32), bad("pixels", [.dtype], good, .uint8),
        bad("devices", [.device], good, stranger: 1), bad("devices", [.device], good, stranger: 2),
      ])
  }()
}

extension ConvolutionForm {
  /// A depthwise convolution as one of as many groups as channels.
  var asGroups: ConvolutionForm {
    ConvolutionForm(x, [filter[0], filter[1], 1, filter[2] * filter[3]]).with {
      $0.stride = stride
      $0.padding = padding
      $0.dilation = dilation
      $0.groups = x[3]
    }
  }
}

extension Padding {
  /// Whether whole windows may see nothing but padding.
  var isWide: Bool {
    if case .explicit = self { return true }
    return false
  }
}
