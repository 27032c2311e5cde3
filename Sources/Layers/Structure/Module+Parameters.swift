public import Geometry
public import Tensors

extension Module {
  /// The parameters that are trained, in the order of declaration; not those frozen.
  ///
  /// Found by reflection: take them once, before a loop.
  ///
  /// - Throws: `TensorError` if a weight has not been built yet.
  public var parameters: [Parameter] {
    get throws(TensorError) { try namedParameters.map(\.parameter).filter(\.isTrained) }
  }

  /// All parameters by path, trained or not.
  ///
  /// - Throws: `TensorError` if a weight has not been built yet.
  public var namedParameters: [(path: String, parameter: Parameter)] {
    get throws(TensorError) {
      var found: [(String, Parameter)] = []
      for named in weights {
        guard let parameter = named.weight.parameter else {
          throw TensorError(
            .argument, "parameters", "\(named.path) has no shape yet",
            hint: "build(input:) or a first call of the model makes it")
        }
        found.append((named.path, parameter))
      }
      return found
    }
  }

  /// Takes the weights of this module out of training; batch norm inside uses what it has learned.
  public func freeze() {
    for named in weights {
      named.weight.isTrained = false
      named.weight.isFrozen = true
    }
  }

  /// Trains the weights of this module again.
  public func unfreeze() {
    for named in weights {
      if named.weight.isTrainable { named.weight.isTrained = true }
      named.weight.isFrozen = false
    }
  }

  /// Puts `values` in by path; paths of this module that are not among them keep theirs.
  ///
  /// - Throws: `TensorError` if a path does not exist or a shape differs; then nothing has changed.
  public func assign(_ values: [String: Tensor]) throws(TensorError) {
    let own = Dictionary(weights.map { ($0.path, $0.weight) }, uniquingKeysWith: { a, _ in a })
    for (path, value) in values {
      guard let weight = own[path] else {
        throw TensorError(
          .argument, "assign", "there is no weight at \(path)",
          hint: "paths here: \(own.keys.sorted().prefix(8).joined(separator: ", "))")
      }
      if let parameter = weight.parameter, parameter.shape != value.shape {
        throw TensorError(
          .shape, "assign", "\(path) has another shape",
          operands: [TensorInfo(parameter.value, name: path), TensorInfo(value, name: "value")])
      }
    }
    for (path, value) in values { try own[path]?.assign(value) }
  }
}

extension Layer {
  /// Makes all weights for an input of that shape, batch included, without computing anything.
  ///
  /// The batch may have any size; nothing but the weights depends on it.
  public func build(
    input: Shape, as type: ScalarType = .float32, on device: Device? = nil
  ) throws(TensorError) {
    let x = try Tensor.zeros(input, as: type, on: device)
    do { _ = try withPhase(.inference) { try self(x) } } catch { throw error.asTensorError }
  }
}
