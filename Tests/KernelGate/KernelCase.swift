import Apus

/// Something to compute on the current device, for what checks the kernels that it takes.
struct KernelCase: Sendable {
  let name: String
  /// The results, not evaluated.
  let body: @Sendable () throws -> [Tensor]

  init(_ name: String, _ body: @escaping @Sendable () throws -> [Tensor]) {
    self.name = name
    self.body = body
  }

  /// `f` of `inputs` and its gradient with respect to each.
  init(
    _ name: String, of inputs: [Sample], gradients: Bool = true,
    _ f: @escaping @Sendable ([Tensor]) throws -> Tensor
  ) {
    self.init(name) {
      var tensors: [Tensor] = []
      for (number, input) in inputs.enumerated() { tensors.append(try input.tensor(seed: number)) }
      guard gradients else { return [try f(tensors)] }
      let (value, gradients) = try valueAndGradients(at: tensors, f)
      return [value] + gradients
    }
  }
}

/// A tensor of numbers that are the same each time.
struct Sample: Sendable {
  let shape: Shape
  var range = -2.0...2.0
  var type = ScalarType.float32

  func tensor(seed: Int) throws -> Tensor {
    var state = UInt64(truncatingIfNeeded: seed &+ 1) &* 0x9E37_79B9_7F4A_7C15
    let width = range.upperBound - range.lowerBound
    let scalars = (0..<shape.count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(range.lowerBound + width * Double(state >> 40) / Double(1 << 24))
    }
    return try Tensor(scalars, shape: shape).cast(to: type)
  }
}

/// FNV-1a over the bytes of tensors, in 16 digits.
func digest(_ tensors: [Tensor]) throws -> String {
  var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  for tensor in tensors {
    for byte in try tensor.bytes() { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
  }
  let digits = String(hash, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}
