public import Geometry
public import Tensors

extension Layer {
  /// Every shape mistake that this model makes with an input of that shape, batch left out: each
  /// error names the layer. Empty if there is none. Nothing is computed.
  ///
  /// Behind a mistake the check goes on with what the layer would have given, as far as that is
  /// known, so that one wrong layer does not hide the next.
  public func check(
    input: Shape, as type: ScalarType = .float32, on device: Device? = nil
  ) throws(TensorError) -> [TensorError] {
    let x = try Tensor.zeros(Shape([1] + Array(input)), as: type, on: device)
    var mistakes: [TensorError] = []
    let trace = Trace { module, inputs, error in
      var error = error
      if let path = self.path(to: ObjectIdentifier(module)),
        error.origin == ObjectIdentifier(module)
      {
        error.prefix(path)
      }
      mistakes.append(error)
      return (module as? any PredictsResult)?.expectedResult(of: inputs) ?? inputs.first
    }
    _ = try trace.watch { try withPhase(.inference) { try self(x) } }
    return mistakes
  }

  /// What the layers at `paths` give for `x`: features of inner layers, with gradients.
  public func features(
    at paths: [String], of x: Tensor
  ) throws(TensorError) -> [Tensor] {
    let trace = Trace()
    _ = try trace.watch { try self(x) }
    var features: [Tensor] = []
    for path in paths {
      guard let module = module(at: path) else {
        throw TensorError(
          .argument, "features", "there is no layer at \(path)",
          hint: "paths here: \(modules.prefix(8).map(\.path).joined(separator: ", "))")
      }
      guard let feature = trace.calls.last(where: { $0.module === module })?.results.first else {
        throw TensorError(.argument, "features", "\(path) was not called")
      }
      features.append(feature)
    }
    return features
  }

  /// What the layer at `path` gives for `x`.
  public func features(at path: String, of x: Tensor) throws(TensorError) -> Tensor {
    try features(at: [path], of: x)[0]
  }
}

/// A layer whose result can be told, in shape, even where its input does not fit.
protocol PredictsResult {
  func expectedResult(of inputs: [Tensor]) -> Tensor?
}

extension Dense: PredictsResult {
  func expectedResult(of inputs: [Tensor]) -> Tensor? {
    guard let x = inputs.first, x.rank > 0 else { return nil }
    return try? Tensor.zeros(x.shape.replacing(x.rank - 1, with: units), on: x.device)
  }
}
