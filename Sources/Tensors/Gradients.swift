internal import Backends
public import Geometry

/// The gradients of `value`, a scalar or anything whose sum is meant, with respect to `inputs`.
///
/// Works inside `recorded { }`, where operations keep what they were made from. The gradients are
/// tensors like any other, recorded too, so that gradients of them can be taken.
///
/// The elements of `value` are weighted by `upstream`; nil weighs all alike, with 1.
///
/// - Throws: `TensorError` outside a recording, or if an input is not floating-point.
public func gradients(
  of value: Tensor, upstream: Tensor? = nil, for inputs: [Tensor]
) throws(TensorError) -> [Tensor] {
  try gradients(of: [value], upstream: upstream.map { [$0] }, for: inputs)
}

/// The gradients of the sum of `values`, each weighted by its `upstream`, with respect to `inputs`.
public func gradients(
  of values: [Tensor], upstream: [Tensor]? = nil, for inputs: [Tensor]
) throws(TensorError) -> [Tensor] {
  guard let recording = Recording.current else {
    throw TensorError(
      .argument, "gradients", "called outside a recording: values may have dropped their graph",
      hint: "wrap the computation in recorded { } or use valueAndGradients")
  }
  return try differentiate(values, upstream, inputs, recording)
}

private func differentiate(
  _ values: [Tensor], _ upstream: [Tensor]?, _ inputs: [Tensor], _ recording: Recording
) throws(TensorError) -> [Tensor] {
  for tensor in values + inputs where !tensor.scalarType.isFloatingPoint {
    throw TensorError(
      .dtype, "gradients", "only floating-point tensors have gradients", operands: [tensor.info])
  }
  for tensor in inputs where tensor.node.isConstant {
    throw TensorError(
      .argument, "gradients", "a constant has none: operations on it are simplified away",
      operands: [tensor.info], hint: "take them for a Parameter or with valueAndGradients(at:)")
  }
  if let upstream, upstream.count != values.count {
    throw TensorError(
      .argument, "gradients", "\(values.count) values but \(upstream.count) upstream gradients")
  }
  var seeds: [Tensor] = []
  for (number, value) in values.enumerated() {
    guard let given = upstream?[number] else {
      seeds.append(Tensor.constant(1, value.shape, value.scalarType, value.node.place))
      continue
    }
    guard given.shape == value.shape, given.scalarType == value.scalarType else {
      throw TensorError(
        .shape, "gradients", "upstream gradient \(number) does not fit its value",
        operands: [given.info, value.info])
    }
    guard given.node.isConstant || given.node.place === value.node.place else {
      throw TensorError(
        .device, "gradients", "upstream gradient \(number) is on another device than its value",
        operands: [given.info, value.info], hint: "move it: x.moved(to:)")
    }
    seeds.append(given)
  }
  return try GradientContext.walk(from: values, seeds, to: inputs, since: recording.start)
}

/// What `body` returns, and its gradients with respect to `parameters`.
///
/// Nothing has been computed on return. Whatever is evaluated next, an optimizer's update perhaps,
/// computes the value as well, if it is still held.
///
///     let (loss, gradients) = try valueAndGradients(of: weights) { try model(x).mean() }
///     try optimizer.update(weights, along: gradients)
///
/// - Throws: what `body` throws; boxes assigned in it then hold what they held before.
public func valueAndGradients(
  of parameters: [Parameter], _ body: () throws -> Tensor
) throws(TensorError) -> (value: Tensor, gradients: [Tensor]) {
  try Recording.run { recording in
    let value = try body()
    let gradients = try differentiate([value], nil, parameters.map(\.value), recording)
    value.node.place.engine.accompany(value.node)
    return (value, gradients)
  }
}

/// What `body` makes of `inputs`, and its gradients with respect to them.
public func valueAndGradients(
  at inputs: [Tensor], _ body: ([Tensor]) throws -> Tensor
) throws(TensorError) -> (value: Tensor, gradients: [Tensor]) {
  try Recording.run { recording in
    let inputs = inputs.map(\.lifted)
    let value = try body(inputs)
    let gradients = try differentiate([value], nil, inputs, recording)
    value.node.place.engine.accompany(value.node)
    return (value, gradients)
  }
}

/// The gradient of `f` at `x`, and the product of its Hessian there with `direction`.
///
/// Costs about two gradients; the Hessian is never formed.
public func hessianVectorProduct(
  of f: (Tensor) throws -> Tensor, at x: Tensor, along direction: Tensor
) throws(TensorError) -> (gradient: Tensor, product: Tensor) {
  guard direction.shape == x.shape, direction.scalarType == x.scalarType else {
    throw TensorError(
      .shape, "hessianVectorProduct", "the direction differs from the point",
      operands: [x.info, direction.info])
  }
  let x = x.lifted
  return try recorded {
    let gradient = try gradients(of: f(x), for: [x])[0]
    let product = try gradients(of: gradient, upstream: direction, for: [x])[0]
    return (gradient, product)
  }
}

/// The derivatives of each element of `f(x)` with respect to each element of `x`:
/// a tensor of the shape of `f(x)` followed by that of `x`.
///
/// One gradient an element of the result: meant for small functions.
public func jacobian(
  of f: (Tensor) throws -> Tensor, at x: Tensor
) throws(TensorError) -> Tensor {
  let x = x.lifted
  return try recorded {
    let value = try f(x)
    let unit = try Tensor.eye(value.count, as: value.scalarType, on: value.device)
    var rows: [Tensor] = []
    for index in 0..<value.count {
      let seed = try unit.slice(axis: 0, index..<(index + 1)).reshaped(to: value.shape)
      rows.append(try gradients(of: value, upstream: seed, for: [x])[0])
    }
    let shape = Shape(Array(value.shape) + Array(x.shape))
    if rows.isEmpty { return try Tensor.zeros(shape, as: value.scalarType, on: value.device) }
    return try stack(rows, axis: 0).reshaped(to: shape)
  }
}

/// The second derivatives of the scalar `f(x)`: a tensor of the shape of `x` twice.
public func hessian(
  of f: (Tensor) throws -> Tensor, at x: Tensor
) throws(TensorError) -> Tensor {
  try jacobian(of: { x in try gradients(of: f(x), for: [x])[0] }, at: x)
}
