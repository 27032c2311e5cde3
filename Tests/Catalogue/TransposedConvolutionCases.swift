internal import Geometry
internal import Tensors

/// Transposed convolutions: sizes by each padding, strides that leave gaps, output padding.
enum TransposedConvolutionCases {
  private static let loops: ConvolutionCases.Loops = { $1.transposed($0) }

  static let conv2DRecord: OperationRecord = {
    let call: ConvolutionCases.Run = { operands, form in
      try conv2DTranspose(
        operands[0], operands[1], bias: operands.count > 2 ? operands[2] : nil,
        stride: form.stride, padding: form.padding, outputPadding: form.outputPadding,
        dilation: form.dilation, groups: form.groups)
    }
    var forms: [ConvolutionForm] = [
      ConvolutionForm([1, 1, 1, 1], [1, 1, 1, 1]), ConvolutionForm([1, 1, 1, 2], [3, 3, 4, 2]),
      ConvolutionForm([2, 4, 5, 3], [3, 3, 4, 3], .same, bias: true),
      ConvolutionForm([2, 4, 5, 3], [3, 3, 4, 3], bias: true),
      ConvolutionForm([1, 4, 4, 2], [4, 4, 3, 2], stride: 2, .same),
      ConvolutionForm([1, 4, 4, 2], [4, 4, 3, 2], stride: 2),
      ConvolutionForm([1, 3, 3, 2], [2, 2, 3, 2], stride: 3, bias: true),
      ConvolutionForm([1, 3, 3, 2], [2, 2, 3, 2], stride: 3, .same),
      ConvolutionForm([2, 3, 4, 3], [3, 3, 2, 3], stride: 2, .same, bias: true),
      ConvolutionForm([2, 3, 4, 3], [3, 3, 2, 3], stride: 2),
      ConvolutionForm([1, 3, 4, 2], [3, 3, 3, 2], .same, dilation: 2),
      ConvolutionForm([1, 4, 3, 4], [3, 3, 2, 4], stride: 2, .same, groups: 2, bias: true),
      ConvolutionForm([1, 3, 4, 4], [3, 3, 1, 4], .same, groups: 4),
      ConvolutionForm([0, 3, 4, 2], [3, 3, 3, 2], stride: 2, .same),
      ConvolutionForm(
        [1, 4, 5, 2], [3, 4, 3, 2], stride: 2, .explicit(before: [1, 0], after: [0, 2])),
      ConvolutionForm([1, 3, 3, 2], [5, 5, 3, 2], .explicit(before: [2, 3], after: [3, 2])),
      ConvolutionForm([1, 3, 3, 16], [3, 3, 17, 16], stride: 2, .same),
      ConvolutionForm([1, 5, 5, 32], [3, 3, 32, 32], .same),
      ConvolutionForm([1, 4, 4, 65], [4, 4, 33, 65], stride: 2, .same),
    ]
    for (index, padding) in [Padding.same, .valid].enumerated() {
      for more in 0..<2 {
        forms.append(
          ConvolutionForm([1, 3, 4, 2], [3 + index, 3, 3, 2], stride: 2, padding, bias: true)
            .with { $0.outputPadding = [more, 1 - more] })
      }
    }
    func make(_ form: ConvolutionForm, _ index: Int, _ type: ScalarType = .float32) -> Sample {
      ConvolutionCases.sample(
        "conv2DTranspose", form, index, type, outputs: form.filter[2] * form.groups, call: call,
        loops: loops
      ).with {
        let terms = form.filter[0] * form.filter[1] * form.filter[3]
        // A gap holds nothing but the bias.
        $0.mayBeZero = true
        if type == .float32, form.stride != [1, 1] { $0.tolerance = .product(terms + 1) }
      }
    }
    let plain = ConvolutionForm([2, 5, 6, 4], [3, 3, 6, 4], stride: 2)
    let extra: [(String, ConvolutionForm)] = [
      ("output padding", plain.with { $0.outputPadding = [2, 0] }),
      ("negative output padding", plain.with { $0.outputPadding = [-1, 0] }),
      ("one output padding", plain.with { $0.outputPadding = [1] }),
      ("padding takes all", plain.with { $0.padding = .explicit(before: [9, 0], after: [9, 0]) }),
    ]
    return OperationRecord(
      "conv2DTranspose", family: "Convolution",
      samples: forms.enumerated().map { make($1, $0) }
        + [ScalarType.float64, .float16].enumerated().map { make(forms[8], 60 + $0, $1) },
      badCalls: ImageBadCalls.list(call, plain: plain)
        + extra.map { what, form in
          BadCall(what, [.argument], [Input(form.x), Input(form.filter)]) { _ = try call($0, form) }
        })
  }()

  static let conv1DRecord: OperationRecord = {
    let call: ConvolutionCases.Run = { operands, form in
      try conv1DTranspose(
        operands[0], operands[1], bias: operands.count > 2 ? operands[2] : nil,
        stride: form.stride[0], padding: form.padding, outputPadding: form.outputPadding?[0],
        dilation: form.dilation[0], groups: form.groups)
    }
    var forms: [ConvolutionForm] = []
    for (index, channels) in [1, 2, 3, 4, 5, 7, 8, 9, 16, 17].enumerated() {
      forms.append(
        ConvolutionForm(
          [2, 4, channels], [3, 5, channels], stride: 1 + index % 3, .same, bias: index % 2 == 0))
      forms.append(
        ConvolutionForm([1, 3, channels], [2 + index % 2, 4, channels], stride: 1 + index % 4))
    }
    forms += [
      ConvolutionForm([2, 5, 4], [3, 2, 4], stride: 2, .same, groups: 2),
      ConvolutionForm([2, 5, 3], [3, 2, 3], .same, dilation: 2, bias: true),
      ConvolutionForm([2, 5, 3], [4, 2, 3], stride: 2, .explicit(before: [1], after: [2])),
      ConvolutionForm([2, 5, 3], [3, 2, 3], stride: 2, .same).with { $0.outputPadding = [1] },
      ConvolutionForm([0, 5, 3], [3, 2, 3], stride: 2, .same),
    ]
    return OperationRecord(
      "conv1DTranspose", family: "Convolution",
      samples: forms.enumerated().map { index, form in
        ConvolutionCases.sample(
          "conv1DTranspose", form, index, outputs: form.filter[1] * form.groups, call: call,
          loops: loops
        ).with {
          $0.mayBeZero = true
          $0.tolerance = .product(form.filter[0] * form.filter[2] + 1)
        }
      },
      badCalls: SequenceBadCalls.list(
        call, plain: ConvolutionForm([2, 5, 4], [3, 6, 4])))
  }()
}

/// Calls that no convolution of images takes, whatever its filter means.
enum ImageBadCalls {
  static func list(_ call: @escaping ConvolutionCases.Run, plain: ConvolutionForm) -> [BadCall] {
    func bad(
      _ what: String, _ kinds: Set<TensorError.Kind>, x: [Int]? = nil, filter: [Int]? = nil,
      _ types: [ScalarType] = [.float32, .float32], stranger: Int? = nil,
      _ body: (inout ConvolutionForm) -> Void = { _ in }
    ) -> BadCall {
      let form = plain.with(body)
      let inputs = zip([x ?? plain.x, filter ?? plain.filter], types).map {
        Input($0, $1, $1.isFloatingPoint ? .normal(1) : .integers(0, 3))
      }
      return BadCall(what, kinds, inputs, stranger: stranger) { _ = try call($0, form) }
    }
    return [
      bad("rank", [.shape], x: [5, 6, 4]), bad("filter rank", [.shape], filter: [3, 4, 6]),
      bad("channels", [.shape], x: [2, 5, 6, 3]),
      bad("no taps", [.argument], filter: noTaps(plain)),
      bad("stride 0", [.argument]) { $0.stride = [1, 0] },
      bad("one stride", [.argument]) { $0.stride = [1] },
      bad("huge stride", [.argument]) { $0.stride = [.max, 1] },
      bad("dilation 0", [.argument]) { $0.dilation = [0, 1] },
      bad("huge dilation", [.argument]) { $0.dilation = [.max, 1] },
      bad("causal", [.argument]) { $0.padding = .causal },
      bad("padding for one axis", [.argument]) {
        $0.padding = .explicit(before: [1], after: [1])
      },
      bad("negative padding", [.argument]) {
        $0.padding = .explicit(before: [0, -1], after: [0, 0])
      },
      bad("integers", [.dtype], [.int32, .int32]), bad("types", [.dtype], [.float32, .float16]),
      bad("devices", [.device], stranger: 1),
    ]
  }

  private static func noTaps(_ plain: ConvolutionForm) -> [Int] {
    [plain.filter[0], 0] + plain.filter[2...]
  }
}

/// Calls that no convolution of sequences takes.
enum SequenceBadCalls {
  static func list(
    _ call: @escaping ConvolutionCases.Run, plain: ConvolutionForm
  ) -> [BadCall] {
    func bad(
      _ what: String, _ kinds: Set<TensorError.Kind>, x: [Int]? = nil, filter: [Int]? = nil,
      _ types: [ScalarType] = [.float32, .float32], stranger: Int? = nil,
      _ body: (inout ConvolutionForm) -> Void = { _ in }
    ) -> BadCall {
      let form = plain.with(body)
      let inputs = zip([x ?? plain.x, filter ?? plain.filter], types).map {
        Input($0, $1, $1.isFloatingPoint ? .normal(1) : .integers(0, 3))
      }
      return BadCall(what, kinds, inputs, stranger: stranger) { _ = try call($0, form) }
    }
    return [
      bad("rank", [.shape], x: [5, 4]), bad("filter rank", [.shape], filter: [4, 6]),
      bad("channels", [.shape], x: [2, 5, 3]),
      bad("no taps", [.argument], filter: [0, plain.filter[1], plain.filter[2]]),
      bad("stride 0", [.argument]) { $0.stride = [0] },
      bad("negative stride", [.argument]) { $0.stride = [-1] },
      bad("huge stride", [.argument]) { $0.stride = [.max] },
      bad("dilation 0", [.argument]) { $0.dilation = [0] },
      bad("huge dilation", [.argument]) { $0.dilation = [.max] },
      bad("groups 0", [.argument]) { $0.groups = 0 },
      bad("groups that do not divide", [.shape]) { $0.groups = 3 },
      bad("padding for two axes", [.argument]) {
        $0.padding = .explicit(before: [1, 1], after: [1, 1])
      },
      bad("negative padding", [.argument]) { $0.padding = .explicit(before: [-1], after: [0]) },
      bad("integers", [.dtype], [.int32, .int32]), bad("types", [.dtype], [.float64, .float32]),
      bad("devices", [.device], stranger: 1),
    ]
  }
}
