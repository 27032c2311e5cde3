internal import Geometry
internal import Tensors

/// Images at other sizes, and what windows over them see.
enum ResizingCases {
  static let records: [OperationRecord] = [
    resizing("resized2D", isScale: false) { x, size, mode, aligned in
      try resized2D(x, to: size, mode: mode, alignCorners: aligned)
    },
    resizing("upsample2D", isScale: true) { x, scale, mode, aligned in
      try upsample2D(x, scale: scale, mode: mode, alignCorners: aligned)
    },
    shuffle("pixelShuffle", isInverse: false) { try pixelShuffle($0, factor: $1) },
    shuffle("pixelUnshuffle", isInverse: true) { try pixelUnshuffle($0, factor: $1) },
    patchesRecord,
  ]

  private typealias Run = @Sendable (Tensor, [Int], Interpolation, Bool) throws -> Tensor

  private static func resizing(
    _ name: String, isScale: Bool, call: @escaping Run
  ) -> OperationRecord {
    func sample(
      _ shape: [Int], _ size: [Int], _ mode: Interpolation, _ aligned: Bool, _ type: ScalarType,
      _ index: Int, view: Input.View = .plain
    ) -> Sample {
      let target = isScale ? [shape[1] * size[0], shape[2] * size[1]] : size
      return Sample(
        name, "\(isScale ? "scale" : "size") \(size) \(mode)\(aligned ? " aligned" : "")",
        [Input(shape, type, .normal(1), view: view, seed: seeded(name, index))],
        differentiable: [0], tolerance: mode == .nearest ? .exact : .product(8),
        call: { [try call($0[0], size, mode, aligned)] },
        reference: { [$0[0].resized(target, isNearest: mode == .nearest, aligned: aligned)] }
      ).with {
        $0.mayBeZero = true
        if type == .float16 || type == .bfloat16, mode == .bilinear { $0.tolerance = .scaled(8) }
        $0.runsEverywhere = view == .plain || view == .permuted
      }
    }
    // Sizes or scales.
    let forms: [([Int], [Int])] =
      isScale
      ? [
        ([1, 1, 1, 1], [1, 1]), ([1, 1, 1, 2], [3, 4]), ([2, 3, 4, 3], [2, 2]),
        ([1, 2, 3, 2], [3, 2]), ([1, 3, 3, 7], [3, 3]), ([1, 2, 5, 8], [1, 2]),
        ([1, 5, 2, 9], [2, 1]), ([1, 2, 2, 16], [2, 2]), ([1, 2, 3, 17], [2, 2]),
        ([1, 2, 2, 64], [2, 2]), ([1, 2, 2, 65], [4, 4]), ([0, 2, 2, 3], [2, 2]),
      ]
      : [
        ([1, 1, 1, 1], [1, 1]), ([1, 1, 1, 2], [3, 4]), ([2, 3, 4, 3], [5, 7]),
        ([1, 7, 5, 2], [3, 4]), ([1, 5, 5, 4], [5, 5]), ([1, 8, 6, 7], [4, 3]),
        ([1, 3, 9, 8], [1, 1]), ([1, 4, 4, 9], [7, 2]), ([1, 3, 2, 17], [4, 5]),
        ([1, 3, 2, 63], [2, 3]), ([1, 2, 2, 65], [3, 3]), ([2, 3, 3, 0], [2, 2]),
      ]
    var samples: [Sample] = []
    for (index, form) in forms.enumerated() {
      samples.append(sample(form.0, form.1, .nearest, false, .float32, 3 * index))
      samples.append(sample(form.0, form.1, .bilinear, false, .float32, 3 * index + 1))
      if index % 2 == 1 {
        samples.append(sample(form.0, form.1, .bilinear, true, .float32, 3 * index + 2))
      }
    }
    for (index, view) in Input.View.allCases.dropFirst().enumerated() {
      samples.append(
        sample([3, 2, 3, 5], [3, 2], .bilinear, false, .float32, 100 + index, view: view))
    }
    for (index, type) in Shapes.everyFloat.enumerated() {
      samples.append(sample([1, 3, 4, 3], [2, 3], .bilinear, index == 1, type, 200 + index))
    }
    let image = [2, 5, 6, 3]
    let sizes: [[Int]] = [[], [2], [2, 2, 2], [0, 2], [2, -1], [.max, 1], [1, .min]]
    return OperationRecord(
      name, family: "Resizing", samples: samples,
      badCalls: [[], [3], [2, 3], [4, 4, 3], [1, 2, 4, 4, 3]].map { shape in
        BadCall("rank", [.shape], [Input(shape)]) { _ = try call($0[0], [2, 2], .nearest, false) }
      }
        + sizes.map { size in
          BadCall("size \(size)", [.argument], [Input(image)]) {
            _ = try call($0[0], size, .bilinear, false)
          }
        }
        + [
          BadCall("nearest with aligned corners", [.argument], [Input(image)]) {
            _ = try call($0[0], [2, 2], .nearest, true)
          },
          BadCall("no pixels", isScale ? [.argument] : [.shape], [Input([1, 0, 4, 3])]) {
            _ = try call($0[0], [2, 2], .bilinear, false)
          },
          BadCall("too large", [.shape], [Input(image)]) {
            _ = try call($0[0], [1 << 28, 1 << 28], .bilinear, false)
          },
        ]
        + BadCall.types([.bool, .int32], shapes: [image]) {
          _ = try call($0[0], [2, 2], .nearest, false)
        },
      benchmarks: [
        sample([16, 64, 64, 64], isScale ? [2, 2] : [128, 128], .nearest, false, .float32, 800),
        sample([16, 64, 64, 64], isScale ? [2, 2] : [100, 100], .bilinear, false, .float32, 801),
      ])
  }

  private static func shuffle(
    _ name: String, isInverse: Bool, call: @escaping @Sendable (Tensor, Int) throws -> Tensor
  ) -> OperationRecord {
    /// - Parameter image: the side with fewer pixels and more channels.
    func sample(
      _ image: [Int], _ factor: Int, _ type: ScalarType, _ index: Int,
      view: Input.View = .plain
    ) -> Sample {
      let square = factor * factor
      let few = [image[0], image[1], image[2], image[3] * square]
      let many = [image[0], image[1] * factor, image[2] * factor, image[3]]
      // Where in the image of few pixels an element of the other lies.
      @Sendable func place(_ at: [Int]) -> [Int] {
        [
          at[0], at[1] / factor, at[2] / factor,
          (at[3] * factor + at[1] % factor) * factor + at[2] % factor,
        ]
      }
      let values: Values =
        type.isFloatingPoint ? .normal(1) : type == .bool ? .bools : .integers(0, 99)
      return Sample(
        name, "factor \(factor)",
        [Input(isInverse ? many : few, type, values, view: view, seed: seeded(name, index))],
        differentiable: [0], tolerance: .exact,
        call: { [try call($0[0], factor)] },
        reference: { inputs in
          let x = inputs[0]
          guard isInverse else { return [Reference(many) { x[place($0)] }] }
          var result = Reference(few, repeating: 0)
          forEachIndex(of: many) { result[place($0)] = x[$0] }
          return [result]
        }
      ).with {
        $0.mayBeZero = true
        $0.runsEverywhere = view == .plain
      }
    }
    let forms: [([Int], Int)] = [
      ([1, 1, 1, 1], 1), ([1, 1, 1, 1], 2), ([2, 3, 4, 3], 2), ([1, 2, 3, 2], 3),
      ([1, 1, 5, 7], 2), ([1, 5, 1, 8], 2), ([2, 2, 2, 9], 2), ([1, 3, 3, 1], 4),
      ([1, 2, 2, 16], 2), ([1, 2, 2, 17], 2), ([1, 2, 2, 63], 2), ([1, 2, 2, 64], 2),
      ([1, 2, 2, 65], 2), ([0, 2, 2, 3], 2), ([2, 2, 2, 0], 2), ([1, 0, 2, 3], 2),
      ([3, 2, 1, 2], 1), ([1, 7, 9, 1], 2), ([1, 3, 5, 2], 5),
    ]
    var samples = forms.enumerated().map { sample($0.element.0, $0.element.1, .float32, $0.offset) }
    for (index, view) in Input.View.allCases.dropFirst().enumerated() {
      samples.append(sample([3, 2, 3, 5], 2, .float32, 100 + index, view: view))
    }
    for (index, type) in (Shapes.everyFloat + Shapes.everyInteger + [.bool]).enumerated() {
      samples.append(sample([1, 2, 3, 2], 2, type, 200 + index))
    }
    let image = isInverse ? [2, 4, 6, 3] : [2, 4, 6, 12]
    let ranks = [[], [3], [2, 3], [4, 4, 3], [1, 2, 4, 4, 3]].map { shape in
      BadCall("rank", [.shape], [Input(shape)]) { _ = try call($0[0], 2) }
    }
    let factors = [0, -1, .max, .min, 1 << 20].map { factor in
      BadCall("factor \(factor)", [.argument], [Input(image)]) { _ = try call($0[0], factor) }
    }
    let odd = [5, 7].map { factor in
      BadCall("factor \(factor)", [.shape], [Input(image)]) { _ = try call($0[0], factor) }
    }
    return OperationRecord(
      name, family: "Resizing", samples: samples, badCalls: ranks + factors + odd)
  }

  private static var patchesRecord: OperationRecord {
    func sample(
      _ form: WindowForm, _ type: ScalarType, _ index: Int, view: Input.View = .plain
    ) -> Sample {
      let values: Values =
        type.isFloatingPoint ? .normal(1) : type == .bool ? .bools : .integers(0, 99)
      let (rows, columns) = (form.window[0], form.window[1])
      return Sample(
        "patches", form.attributes,
        [Input(form.shape, type, values, view: view, seed: seeded("patches", index))],
        differentiable: [0], tolerance: .exact, operations: Double(form.operations),
        call: {
          [
            try patches(
              $0[0], window: form.window, stride: form.stride ?? form.window,
              dilation: form.dilation, padding: form.padding)
          ]
        },
        reference: { inputs in
          let (x, taps, channels) = (inputs[0], form.taps, form.shape[3])
          let length = rows * columns * channels
          return [
            Reference([form.shape[0], taps[0].count, taps[1].count, length]) { at in
              let tap = at[3] / channels
              guard let r = taps[0][at[1]][tap / columns], let k = taps[1][at[2]][tap % columns]
              else { return 0 }
              return x[[at[0], r, k, at[3] % channels]]
            }
          ]
        }
      ).with {
        $0.mayBeZero = true
        $0.runsEverywhere = view == .plain || view == .permuted
      }
    }
    let forms = [
      WindowForm([1, 1, 1, 1], [1, 1]), WindowForm([1, 4, 4, 1], [2, 2]),
      WindowForm([2, 6, 5, 3], [3, 3], [1, 1]), WindowForm([1, 7, 8, 4], [3, 3], [2, 2]),
      WindowForm([2, 5, 7, 3], [3, 3], [1, 1], padding: .same),
      WindowForm([1, 5, 6, 3], [2, 4], [1, 1], padding: .same),
      WindowForm([1, 7, 7, 2], [3, 3], [1, 2], dilation: [2, 2]),
      WindowForm([1, 7, 6, 2], [3, 2], [2, 1], dilation: [3, 2], padding: .same),
      WindowForm([1, 9, 9, 2], [2, 2], [4, 3]),
      WindowForm([1, 2, 2, 3], [3, 3], [1, 1], padding: .explicit([(1, 1), (2, 2)])),
      WindowForm([1, 2, 3, 2], [2, 2], [1, 1], padding: .explicit([(3, 4), (0, 5)])),
      WindowForm([1, 5, 4, 2], [3, 2], [2, 2], padding: .causal),
      WindowForm([1, 3, 3, 7], [2, 2], [1, 1]), WindowForm([1, 3, 3, 8], [3, 3]),
      WindowForm([1, 3, 4, 9], [2, 3], [1, 1]), WindowForm([1, 3, 3, 63], [2, 2], [1, 1]),
      WindowForm([1, 3, 3, 64], [2, 2], [1, 1]), WindowForm([1, 3, 3, 65], [2, 2], [1, 1]),
      WindowForm([0, 4, 4, 3], [2, 2]), WindowForm([2, 4, 4, 0], [2, 2]),
      WindowForm([1, 12, 11, 1], [11, 11], [1, 1]),
    ]
    var samples = forms.enumerated().map { sample($0.element, .float32, $0.offset) }
    for (index, view) in Input.View.allCases.dropFirst().enumerated() {
      samples.append(
        sample(WindowForm([3, 4, 5, 2], [2, 3], [1, 2]), .float32, 100 + index, view: view))
    }
    for (index, type) in (Shapes.everyFloat + Shapes.everyInteger + [.bool]).enumerated() {
      samples.append(
        sample(WindowForm([1, 5, 4, 3], [3, 2], [1, 1], padding: .same), type, 200 + index)
          .with { $0.gradientTolerance = .scaled(64) })
    }
    func bad(
      _ shape: [Int], _ kinds: Set<TensorError.Kind>, _ window: [Int], _ stride: [Int] = [1, 1],
      _ dilation: [Int] = [1, 1], _ padding: Padding = .valid
    ) -> BadCall {
      BadCall("window \(window) stride \(stride) dilation \(dilation)", kinds, [Input(shape)]) {
        _ = try patches(
          $0[0], window: window, stride: stride, dilation: dilation, padding: padding)
      }
    }
    let image = [2, 5, 6, 3]
    return OperationRecord(
      "patches", family: "Resizing", samples: samples,
      badCalls: [[], [3], [2, 3], [4, 4, 3], [1, 2, 4, 4, 3]].map { bad($0, [.shape], [2, 2]) } + [
        bad(image, [.argument], []), bad(image, [.argument], [2]),
        bad(image, [.argument], [0, 2]), bad(image, [.argument], [2, -1]),
        bad(image, [.argument], [6, 2]), bad(image, [.argument], [2, .max]),
        bad(image, [.argument], [2, 2], [0, 1]), bad(image, [.argument], [2, 2], [1]),
        bad(image, [.argument], [2, 2], [1, 1], [0, 1]),
        bad(image, [.argument], [2, 2], [1, 1], [1, 6]),
        bad(image, [.argument], [2, 2], [1, 1], [1, .max]),
        bad(image, [.argument], [2, 2], [1, 1], [1, 1], .explicit([(0, 0)])),
        bad(image, [.argument], [2, 2], [1, 1], [1, 1], .explicit([(0, 0), (-1, 0)])),
      ],
      benchmarks: [
        sample(WindowForm([16, 56, 56, 64], [3, 3], [1, 1], padding: .same), .float32, 800)
      ])
  }
}

extension Reference {
  /// The image at another size.
  func resized(_ size: [Int], isNearest: Bool, aligned: Bool) -> Reference {
    /// The two pixels around a new one, and the weight of the second.
    func place(_ i: Int, _ old: Int, _ new: Int) -> (Int, Int, Double) {
      if isNearest { return ((2 * i + 1) * old / (2 * new), 0, 0) }
      var at = (Double(i) + 0.5) * Double(old) / Double(new) - 0.5
      if aligned { at = new == 1 ? 0 : Double(i * (old - 1)) / Double(new - 1) }
      at = Swift.min(Swift.max(at, 0), Double(old - 1))
      return (Int(at), Swift.min(Int(at) + 1, old - 1), at - at.rounded(.down))
    }
    return Reference([shape[0], size[0], size[1], shape[3]]) { index in
      let (top, bottom, down) = place(index[1], shape[1], size[0])
      let (left, right, across) = place(index[2], shape[2], size[1])
      func pixel(_ r: Int, _ k: Int) -> Double { self[[index[0], r, k, index[3]]] }
      if isNearest { return pixel(top, left) }
      let upper = pixel(top, left) * (1 - across) + pixel(top, right) * across
      let lower = pixel(bottom, left) * (1 - across) + pixel(bottom, right) * across
      return upper * (1 - down) + lower * down
    }
  }
}
