internal import Geometry
internal import Tensors

/// Pooling of images and sequences, channels last.
enum PoolingCases {
  static let records: [OperationRecord] = [
    windows("maxPool2D", isMaximum: true) {
      [try maxPool2D($0, window: $1, stride: $2, padding: $3)]
    },
    windows("averagePool2D", isMaximum: false) {
      [try averagePool2D($0, window: $1, stride: $2, padding: $3)]
    },
    windows("maxPoolWithIndices2D", isMaximum: true, hasIndices: true) {
      let (values, indices) = try maxPoolWithIndices2D($0, window: $1, stride: $2, padding: $3)
      return [values, try indices.cast(to: .float32)]
    },
    sequences("maxPool1D", isMaximum: true) {
      try maxPool1D($0, window: $1, stride: $2, padding: $3)
    },
    sequences("averagePool1D", isMaximum: false) {
      try averagePool1D($0, window: $1, stride: $2, padding: $3)
    },
    cells("adaptiveMaxPool2D", isMaximum: true) { try adaptiveMaxPool2D($0, outputSize: $1) },
    cells("adaptiveAveragePool2D", isMaximum: false) {
      try adaptiveAveragePool2D($0, outputSize: $1)
    },
    cells("adaptiveAveragePool1D", isMaximum: false, isSequence: true) {
      try adaptiveAveragePool1D($0, outputSize: $1[0])
    },
    global("globalAveragePool", isMaximum: false) { try globalAveragePool($0, keepingAxes: $1) },
    global("globalMaxPool", isMaximum: true) { try globalMaxPool($0, keepingAxes: $1) },
  ]

  /// Around edges: one pixel, even windows, strides larger than the window, padding that reaches in
  /// from both sides, numbers of channels around those that vectors hold, nothing.
  private static let forms: [WindowForm] = [
    WindowForm([1, 1, 1, 1], [1, 1]), WindowForm([1, 4, 4, 1], [2, 2]),
    WindowForm([2, 6, 5, 3], [2, 2]), WindowForm([1, 7, 8, 4], [3, 3], [2, 2]),
    WindowForm([2, 5, 7, 3], [2, 2], padding: .same),
    WindowForm([1, 5, 5, 2], [3, 3], [1, 1], padding: .same),
    WindowForm([1, 5, 6, 3], [2, 4], [1, 1], padding: .same),
    WindowForm([1, 9, 9, 2], [2, 2], [4, 3]),
    WindowForm([1, 2, 2, 3], [3, 3], [1, 1], padding: .explicit([(1, 1), (2, 2)])),
    WindowForm([1, 4, 3, 5], [2, 3], [2, 1], padding: .explicit([(1, 0), (0, 2)])),
    WindowForm([1, 5, 4, 2], [3, 2], [2, 2], padding: .causal),
    WindowForm([1, 1, 9, 7], [1, 3], [1, 2]), WindowForm([1, 3, 3, 8], [3, 3]),
    WindowForm([1, 5, 3, 9], [2, 3], [1, 1]), WindowForm([1, 4, 4, 17], [2, 2], [1, 1]),
    WindowForm([1, 3, 4, 33], [2, 2]), WindowForm([1, 4, 5, 63], [3, 3], [2, 2], padding: .same),
    WindowForm([2, 3, 3, 64], [2, 2], [1, 1]), WindowForm([1, 3, 4, 65], [2, 2]),
    WindowForm([0, 4, 4, 3], [2, 2]), WindowForm([2, 4, 4, 0], [2, 2]),
    WindowForm([0, 0, 4, 3], [2, 2], padding: .same),
    WindowForm([1, 17, 18, 2], [17, 16], [1, 1]), WindowForm([1, 16, 17, 3], [16, 16], [1, 1]),
  ]

  typealias Run = @Sendable (Tensor, [Int], [Int]?, Padding) throws -> [Tensor]

  private static func windows(
    _ name: String, isMaximum: Bool, hasIndices: Bool = false, call: @escaping Run
  ) -> OperationRecord {
    func sample(
      _ form: WindowForm, _ type: ScalarType, _ values: Values, _ index: Int,
      view: Input.View = .plain
    ) -> Sample {
      Sample(
        name, form.attributes,
        [Input(form.shape, type, values, view: view, seed: seeded(name, index))],
        differentiable: hasIndices ? [] : [0],
        tolerance: isMaximum ? .exact : .product(form.window[0] * form.window[1]),
        operations: Double(form.operations),
        call: { try call($0[0], form.window, form.stride, form.padding) },
        reference: {
          let positions = form.positions
          let values = $0[0].pooled(positions[0], positions[1], isMaximum: isMaximum)
          return hasIndices
            ? [values, $0[0].winners(positions[0], positions[1])] : [values]
        }
      ).with { $0.mayBeZero = true }
    }
    let values: Values = isMaximum ? .distinct(-2, 2) : .normal(1)
    var samples = forms.enumerated().map { sample($0.element, .float32, values, $0.offset) }
    for (index, view) in Input.View.allCases.dropFirst().enumerated() {
      samples.append(
        sample(
          WindowForm([3, 5, 4, 6], [2, 2], [1, 2]), .float32, values, 100 + index, view: view
        )
        .with {
          $0.runsEverywhere = view == .permuted
          $0.isSmooth = view != .broadcast || !isMaximum
        })
    }
    let integers: [ScalarType] = isMaximum ? [.int32, .int64, .uint8] : []
    for (index, type) in (Shapes.everyFloat + integers).enumerated() {
      for (number, form) in [forms[3], forms[8], forms[17]].enumerated() {
        samples.append(
          sample(
            form, type, isMaximum ? .integers(0, 200) : .normal(1), 200 + 4 * index + number
          ).with {
            $0.isSmooth = !isMaximum
            $0.runsEverywhere = number == 0
          })
      }
    }
    if isMaximum {
      // Equal values, infinities and NaN.
      let lists: [[Double]] = [[1, 1, 1, 0], [-.infinity, -.infinity, -.infinity], [.nan, 1, 2]]
      for (index, list) in lists.enumerated() {
        samples.append(
          sample(WindowForm([1, 5, 6, 4], [3, 2], [1, 1]), .float32, .list(list), 300 + index)
            .with {
              $0.isSmooth = false
              $0.mayBeNaN = true
            })
      }
    }
    return OperationRecord(
      name, family: "Pooling", samples: samples,
      badCalls: badWindows(
        types: isMaximum ? [.bool] : [.bool, .int32, .uint8]
      ) { _ = try call($0, $1, $2, $3) },
      benchmarks: [
        sample(WindowForm([64, 56, 56, 64], [2, 2]), .float32, .normal(1), 800),
        sample(WindowForm([64, 56, 56, 64], [3, 3], [2, 2]), .float32, .normal(1), 801),
      ])
  }

  private static func badWindows(
    types: [ScalarType], call: @escaping @Sendable (Tensor, [Int], [Int]?, Padding) throws -> Void
  ) -> [BadCall] {
    func bad(
      _ shape: [Int], _ kinds: Set<TensorError.Kind>, _ window: [Int], _ stride: [Int]? = nil,
      _ padding: Padding = .valid
    ) -> BadCall {
      BadCall("window \(window) stride \(stride ?? window) \(padding)", kinds, [Input(shape)]) {
        try call($0[0], window, stride, padding)
      }
    }
    let image = [2, 5, 6, 3]
    let ranks = [[], [3], [2, 3], [4, 4, 3], [1, 2, 4, 4, 3]].map { bad($0, [.shape], [2, 2]) }
    let arguments = [
      bad(image, [.argument], []), bad(image, [.argument], [2]),
      bad(image, [.argument], [2, 2, 2]), bad(image, [.argument], [0, 2]),
      bad(image, [.argument], [2, -1]), bad(image, [.argument], [6, 2]),
      bad(image, [.argument], [.max, 2]), bad(image, [.argument], [2, 2], [0, 1]),
      bad(image, [.argument], [2, 2], [1, -1]), bad(image, [.argument], [2, 2], [1]),
      bad(image, [.argument], [2, 2], [.max, 1]),
      bad(image, [.argument], [2, 2], nil, .explicit([(2, 0), (0, 0)])),
      bad(image, [.argument], [2, 2], nil, .explicit([(0, 0), (0, 3)])),
      bad(image, [.argument], [2, 2], nil, .explicit([(-1, 0), (0, 0)])),
      bad(image, [.argument], [2, 2], nil, .explicit([(0, 0)])),
      bad([1, 0, 4, 3], [.argument], [2, 2]),
    ]
    return ranks + arguments
      + BadCall.types(types, shapes: [[2, 5, 6, 3], [0, 4, 4, 1]]) {
        try call($0[0], [2, 2], nil, .valid)
      }
  }

  private static func sequences(
    _ name: String, isMaximum: Bool,
    call: @escaping @Sendable (Tensor, Int, Int?, Padding) throws -> Tensor
  ) -> OperationRecord {
    func sample(_ form: WindowForm, _ type: ScalarType, _ index: Int) -> Sample {
      let shape = [form.shape[0], form.shape[2], form.shape[3]]
      return Sample(
        name, form.attributes,
        [Input(shape, type, isMaximum ? .distinct(-2, 2) : .normal(1), seed: seeded(name, index))],
        differentiable: [0], tolerance: isMaximum ? .exact : .product(form.window[1]),
        call: { [try call($0[0], form.window[1], form.stride?[1], form.padding)] },
        reference: {
          let row = Reference([shape[0], 1, shape[1], shape[2]], $0[0].values)
          let result = row.pooled([[0]], form.positions[1], isMaximum: isMaximum)
          return [Reference([result.shape[0], result.shape[2], result.shape[3]], result.values)]
        }
      ).with {
        $0.mayBeZero = true
        $0.isSmooth = type == .float32 || type == .float64 || !isMaximum
      }
    }
    func form(
      _ extent: Int, _ channels: Int, _ taps: Int, _ stride: Int? = nil,
      _ padding: Padding = .valid, batch: Int = 2
    ) -> WindowForm {
      WindowForm(
        [batch, 1, extent, channels], [1, taps], stride.map { [1, $0] }, padding: padding)
    }
    let forms = [
      form(1, 1, 1), form(1, 5, 1), form(2, 3, 2), form(5, 4, 2), form(6, 7, 3),
      form(7, 8, 3, 2), form(7, 9, 3, 2, .same), form(8, 2, 4, 1, .same), form(9, 3, 2, 5),
      form(9, 3, 3, 2, .causal), form(4, 3, 4, 1, .explicit(before: [3], after: [2])),
      form(2, 6, 4, 1, .explicit(before: [2], after: [2])), form(10, 16, 3, 3),
      form(4, 17, 2, 1), form(3, 31, 3), form(5, 33, 2, 2, .same), form(3, 63, 2, 1),
      form(3, 64, 2, 1), form(3, 65, 2, 1), form(300, 1, 280, 3, batch: 1),
      form(6, 3, 2, batch: 0), form(6, 0, 2),
    ]
    var samples = forms.enumerated().map { sample($0.element, .float32, $0.offset) }
    for (index, type) in Shapes.everyFloat.enumerated() {
      samples.append(sample(forms[6], type, 100 + index))
    }
    return OperationRecord(
      name, family: "Pooling", samples: samples,
      badCalls: [[], [3], [2, 3], [1, 2, 4, 3]].map { shape in
        BadCall("rank", [.shape], [Input(shape)]) { _ = try call($0[0], 2, nil, .valid) }
      }
        + [0, -1, 8, .max].map { taps in
          BadCall("window \(taps)", [.argument], [Input([2, 7, 3])]) {
            _ = try call($0[0], taps, nil, .valid)
          }
        }
        + ([0, -2] as [Int]).map { stride in
          BadCall("stride \(stride)", [.argument], [Input([2, 7, 3])]) {
            _ = try call($0[0], 2, stride, .valid)
          }
        }
        + [
          BadCall("padding", [.argument], [Input([2, 7, 3])]) {
            _ = try call($0[0], 2, nil, .explicit(before: [2], after: [0]))
          },
          BadCall("paddings", [.argument], [Input([2, 7, 3])]) {
            _ = try call($0[0], 2, nil, .explicit([(0, 0), (1, 1)]))
          },
        ] + BadCall.types([.bool], shapes: [[2, 4, 3]]) { _ = try call($0[0], 2, nil, .valid) })
  }

  private static func cells(
    _ name: String, isMaximum: Bool, isSequence: Bool = false,
    call: @escaping @Sendable (Tensor, [Int]) throws -> Tensor
  ) -> OperationRecord {
    func sample(_ shape: [Int], _ size: [Int], _ type: ScalarType, _ index: Int) -> Sample {
      let image = [shape[0], isSequence ? 1 : shape[1], shape[2], shape[3]]
      let size = isSequence ? [1, size[1]] : size
      return Sample(
        name, "outputSize \(isSequence ? Array(size.suffix(1)) : size)",
        [
          Input(
            isSequence ? [shape[0], shape[2], shape[3]] : shape, type,
            isMaximum ? .distinct(-2, 2) : .normal(1), seed: seeded(name, index))
        ],
        differentiable: [0],
        tolerance: isMaximum ? .exact : .product(image[1] * image[2] / (size[0] * size[1]) + 8),
        call: { [try call($0[0], isSequence ? [size[1]] : size)] },
        reference: { inputs in
          let positions = (0..<2).map { axis in
            (0..<size[axis]).map { i in
              let extent = image[1 + axis]
              let end = Int((Double((i + 1) * extent) / Double(size[axis])).rounded(.up))
              return Array(i * extent / size[axis]..<end)
            }
          }
          let result = Reference(image, inputs[0].values)
            .pooled(positions[0], positions[1], isMaximum: isMaximum)
          let flat = [result.shape[0], result.shape[2], result.shape[3]]
          return [isSequence ? Reference(flat, result.values) : result]
        }
      ).with {
        $0.mayBeZero = true
        $0.isSmooth = type == .float32 || type == .float64 || !isMaximum
      }
    }
    let forms: [([Int], [Int])] = [
      ([1, 1, 1, 1], [1, 1]), ([2, 6, 6, 3], [2, 3]), ([1, 7, 5, 2], [3, 4]),
      ([1, 5, 7, 2], [5, 7]), ([1, 5, 7, 3], [1, 1]), ([1, 4, 3, 4], [8, 5]),
      ([1, 2, 9, 5], [1, 4]),
      ([1, 8, 8, 7], [4, 4]), ([1, 8, 8, 8], [3, 3]), ([1, 3, 4, 9], [2, 2]),
      ([2, 4, 3, 15], [2, 2]),
      ([1, 3, 3, 16], [2, 2]), ([1, 3, 3, 17], [2, 1]), ([1, 4, 4, 31], [3, 3]),
      ([1, 4, 4, 33], [3, 3]), ([1, 3, 3, 63], [2, 2]), ([1, 3, 3, 64], [2, 2]),
      ([1, 3, 3, 65], [2, 2]), ([0, 4, 4, 3], [2, 2]), ([2, 4, 4, 0], [2, 2]),
      ([1, 40, 30, 2], [2, 1]), ([1, 11, 13, 1], [4, 6]),
    ]
    var samples = forms.enumerated().map { sample($0.element.0, $0.element.1, .float32, $0.offset) }
    for (index, type) in Shapes.everyFloat.enumerated() {
      samples.append(sample([2, 6, 7, 3], [4, 3], type, 100 + index))
    }
    let image = isSequence ? [2, 6, 3] : [2, 5, 6, 3]
    let sizes: [[Int]] =
      isSequence
      ? [[0], [-1], [.min], [.max], [1 << 40]]
      : [[0, 1], [1, 0], [-1, 2], [2, .min], [.max, 2], [], [2], [2, 2, 2]]
    return OperationRecord(
      name, family: "Pooling", samples: samples,
      badCalls: [[], [3], [2, 3], [1, 2, 4, 4, 3], [1, 1, 1, 1, 1, 1]].map { shape in
        BadCall("rank", [.shape], [Input(shape)]) { _ = try call($0[0], [2, 2]) }
      }
        + sizes.map { size in
          BadCall("size \(size)", [.argument], [Input(image)]) { _ = try call($0[0], size) }
        }
        + [
          BadCall("no pixels", [.shape], [Input(isSequence ? [1, 0, 3] : [1, 0, 4, 3])]) {
            _ = try call($0[0], [2, 2])
          },
          BadCall("too large", [.shape], [Input(image)]) {
            _ = try call($0[0], [1 << 30, 1 << 30])
          },
        ].filter { !isSequence || $0.what != "too large" }
        + BadCall.types([.bool], shapes: [image]) { _ = try call($0[0], [2, 2]) })
  }

  private static func global(
    _ name: String, isMaximum: Bool, call: @escaping @Sendable (Tensor, Bool) throws -> Tensor
  ) -> OperationRecord {
    func sample(_ shape: [Int], _ keeps: Bool, _ type: ScalarType, _ index: Int) -> Sample {
      let axes = Array(1..<(shape.count - 1))
      return Sample(
        name, keeps ? "keepingAxes" : "",
        [
          Input(
            shape, type, isMaximum ? .distinct(-2, 2) : .normal(1), seed: seeded(name, index))
        ],
        differentiable: [0],
        tolerance: isMaximum ? .exact : .tree(shape.dropFirst().dropLast().reduce(1, *)),
        call: { [try call($0[0], keeps)] },
        reference: {
          [
            $0[0].reduced(axes, keeping: keeps) { values in
              isMaximum
                ? values.reduce(-.infinity, Swift.max)
                : values.reduce(0, +) / Double(values.count)
            }
          ]
        }
      ).with {
        $0.mayBeZero = true
        $0.isSmooth = type == .float32 || type == .float64 || !isMaximum
        if type == .float16 || type == .bfloat16, !isMaximum { $0.tolerance = .scaled(8) }
      }
    }
    let shapes = [
      [1, 1, 1], [2, 3, 1], [2, 5, 4], [3, 1, 7], [1, 1, 1, 1], [2, 4, 5, 3], [2, 3, 3, 4],
      [1, 7, 2, 8], [1, 2, 7, 9], [2, 3, 5, 17], [1, 4, 4, 63], [1, 4, 4, 64], [1, 4, 4, 65],
      [0, 3, 3, 2], [2, 3, 3, 0], [1, 31, 33, 2], [2, 2, 3, 2, 3], [1, 2, 2, 2, 2, 2],
    ]
    var samples: [Sample] = []
    for (index, shape) in shapes.enumerated() {
      samples.append(sample(shape, index % 2 == 0, .float32, index))
    }
    for (index, shape) in shapes.prefix(4).enumerated() {
      samples.append(sample(shape, index % 2 == 1, .float32, 50 + index))
    }
    for (index, type) in Shapes.everyFloat.enumerated() {
      samples.append(sample([2, 4, 5, 3], false, type, 100 + index))
    }
    return OperationRecord(
      name, family: "Pooling", samples: samples,
      badCalls: [[], [1], [3], [2, 3], [0, 2], [5, 1]].map { shape in
        BadCall("rank", [.shape], [Input(shape)]) { _ = try call($0[0], false) }
      }
        + [[1, 0, 2], [1, 0, 3, 2], [1, 3, 0, 2]].map { shape in
          BadCall("no positions", [.shape], [Input(shape)]) { _ = try call($0[0], true) }
        }
        + BadCall.types([.bool], shapes: [[2, 3, 4], [2, 3, 3, 1]]) { _ = try call($0[0], false) })
  }
}
