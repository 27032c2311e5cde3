public import Geometry
public import Tensors

/// Something that holds parameters: a layer, a part of a model, a model.
///
/// Layers and parameters kept in properties, in arrays and dictionaries too, are found by
/// themselves and named by the properties that lead to them: `blocks.3.first.kernel`.
public protocol Module: AnyObject {
  /// What it holds, by name: its stored properties, if it does not say otherwise.
  var members: [(name: String, value: Any)] { get }
}

extension Module {
  public var members: [(name: String, value: Any)] { reflectedMembers(of: self) }
}

/// A module that turns a tensor into a tensor. Called as a function: `try layer(x)`.
public protocol Layer: Module {
  /// What it computes. Call the layer itself instead: that notes where an error comes from.
  func forward(_ x: Tensor) throws(TensorError) -> Tensor

  /// Which steps of the result are to be taken, where `mask` says it of the steps of the input.
  func mask(of x: Tensor, _ mask: Tensor?, result: Tensor) throws(TensorError) -> Tensor?
}

extension Layer {
  /// What the layer makes of `x`, with its mask handed on; an error says which layer it arose in.
  public func callAsFunction(_ x: Tensor) throws(TensorError) -> Tensor {
    if Trace.current != nil {
      return try call(x) { () throws(TensorError) in try masked(forward(x), like: x) }
    }
    // What `call` comes to for nearly every layer, without closures.
    do throws(TensorError) { return try masked(forward(x), like: x) } catch { throw located(error) }
  }

  private func masked(_ result: Tensor, like x: Tensor) throws(TensorError) -> Tensor {
    guard let mask = try mask(of: x, x.mask, result: result) else { return result }
    return try result.masked(by: mask)
  }

  /// The mask of the input, as long as the result has its steps.
  public func mask(of x: Tensor, _ mask: Tensor?, result: Tensor) throws(TensorError) -> Tensor? {
    guard let mask, mask.rank <= result.rank else { return nil }
    return mask.shape == Shape(Array(result.shape).prefix(mask.rank)) ? mask : nil
  }
}

/// A module that turns several tensors into one: `try add([x, y])`.
public protocol MergingLayer: Module {
  /// What it computes. Call the layer itself instead: that notes where an error comes from.
  func forward(_ inputs: [Tensor]) throws(TensorError) -> Tensor
  /// Which steps of the result count; those that do in all inputs if not written.
  func mask(of inputs: [Tensor], result: Tensor) throws(TensorError) -> Tensor?
}

extension MergingLayer {
  public func mask(of inputs: [Tensor], result: Tensor) throws(TensorError) -> Tensor? {
    var found: Tensor?
    for case let mask? in inputs.map(\.mask) {
      guard Array(result.shape).starts(with: Array(mask.shape)) else { return nil }
      if let first = found {
        guard first.shape == mask.shape else { return nil }
        found = try logicalAnd(first, mask)
      } else {
        found = mask
      }
    }
    return found
  }

  /// What the layer makes of its inputs, given one by one.
  public func callAsFunction(_ inputs: Tensor...) throws(TensorError) -> Tensor {
    try callAsFunction(inputs)
  }

  /// What the layer makes of its inputs.
  public func callAsFunction(_ inputs: [Tensor]) throws(TensorError) -> Tensor {
    try call(inputs) { () throws(TensorError) in
      let result = try forward(inputs)
      guard let mask = try mask(of: inputs, result: result) else { return result }
      return try result.masked(by: mask)
    }
  }
}

extension Module {
  /// Runs `body` as a call of this module: an error that leaves it says where in the model it
  /// arose, and summaries see the call. For modules whose inputs are not one tensor:
  ///
  ///     func callAsFunction(_ image: Tensor, _ table: Tensor) throws -> Tensor {
  ///       try call(image, table) { try head(concatenate([body(image), table], axis: -1)) }
  ///     }
  public func call<Result>(
    _ inputs: Tensor..., body: () throws -> Result
  ) throws(TensorError) -> Result {
    try call(inputs, body: body)
  }

  /// As with inputs one by one.
  public func call<Result>(
    _ inputs: [Tensor], body: () throws -> Result
  ) throws(TensorError) -> Result {
    guard let trace = Trace.current else {
      do { return try body() } catch { throw located(error.asTensorError) }
    }
    return try trace.call(of: self, inputs) { () throws(TensorError) in
      do { return try body() } catch { throw located(error.asTensorError) }
    }
  }

  /// The error with the way from this module to where it arose.
  fileprivate func located(_ error: TensorError) -> TensorError {
    var error = error
    if error.origin == nil, error.operation == Weight.operation {
      // A weight does not know whose it is.
      error = TensorError(
        error.kind, operationName, error.detail, operands: error.operands, hint: error.hint)
    }
    if let origin = error.origin, origin != ObjectIdentifier(self) {
      error.prefix(path(to: origin) ?? "")
    }
    error.origin = ObjectIdentifier(self)
    return error
  }

  /// The name of its type as an operation is spelt: `dense`, `conv2D`, `lstm`.
  private var operationName: String {
    let name = "\(type(of: self))"
    let capitals = name.prefix { $0.isUppercase }.count
    let lowered = capitals == name.count ? capitals : max(1, capitals - 1)
    return name.prefix(lowered).lowercased() + name.dropFirst(lowered)
  }
}
