public import Geometry
public import Tensors

/// A call that must throw: an error of one of `kinds` that names the operation and its operands.
public struct BadCall: Sendable, CustomStringConvertible {
  public let what: String
  public let kinds: Set<TensorError.Kind>
  public let inputs: [Input]
  /// The operand that lives on another device than the rest.
  public let stranger: Int?
  public let call: @Sendable ([Tensor]) throws -> Void

  public init(
    _ what: String, _ kinds: Set<TensorError.Kind>, _ inputs: [Input], stranger: Int? = nil,
    call: @escaping @Sendable ([Tensor]) throws -> Void
  ) {
    self.what = what
    self.kinds = kinds
    self.inputs = inputs
    self.stranger = stranger
    self.call = call
  }

  public var description: String {
    what + " " + inputs.map(\.description).joined(separator: ", ")
  }
}

extension BadCall {
  /// Calls with each of `types`, none of which the operation takes, at a few shapes.
  static func types(
    _ types: [ScalarType], arity: Int = 1,
    shapes: [[Int]] = [[2, 3], [], [0, 4], [5], [1, 1, 3]],
    call: @escaping @Sendable ([Tensor]) throws -> Void
  ) -> [BadCall] {
    types.flatMap { type in
      shapes.map { shape in
        let values: Values = type.isFloatingPoint ? .normal(1) : .integers(0, 1)
        let input = Input(shape, type, values)
        return BadCall(
          "type", [.dtype], [Input](repeating: input, count: arity), call: call)
      }
    }
  }

  /// Calls of an operation on two tensors that broadcast: shapes, types and devices that do not
  /// go together.
  static func pairs(
    _ type: ScalarType = .float32, others: [ScalarType] = [.float64, .int32, .bool, .float16],
    call: @escaping @Sendable ([Tensor]) throws -> Void
  ) -> [BadCall] {
    let values: Values = type.isFloatingPoint ? .normal(1) : .integers(0, 1)
    func input(_ shape: [Int], _ type: ScalarType) -> Input {
      Input(shape, type, type.isFloatingPoint ? .normal(1) : .integers(0, 1))
    }
    let shapes: [([Int], [Int])] = [
      ([2, 3], [3, 2]), ([3], [4]), ([2, 3], [2]), ([0], [2]), ([2, 3, 4], [2, 4]),
      ([5, 1, 2], [5, 3, 3]), ([2, 2, 2, 2, 2, 2, 2, 2], [3]), ([0, 3], [2, 3]),
    ]
    var calls = shapes.map { left, right in
      BadCall(
        "shapes", [.shape], [Input(left, type, values), Input(right, type, values)], call: call)
    }
    for other in others where other != type {
      calls.append(
        BadCall("types", [.dtype], [input([2, 3], type), input([2, 3], other)], call: call))
      calls.append(
        BadCall("types", [.dtype], [input([3], other), input([2, 3], type)], call: call))
    }
    for stranger in 0..<2 {
      calls.append(
        BadCall(
          "devices", [.device], [input([2, 3], type), input([2, 3], type)], stranger: stranger,
          call: call))
    }
    return calls
  }

  /// Calls of an operation along axes: some that are not there, some that are named twice.
  static func axes(
    shapes: [[Int]] = [[2, 3], [], [4], [2, 0, 3]], _ type: ScalarType = .float32,
    call: @escaping @Sendable (Tensor, [Int]) throws -> Void
  ) -> [BadCall] {
    shapes.flatMap { shape in
      let rank = shape.count
      let lists: [[Int]] = [[rank], [-rank - 1], [.max], [.min], [0, 9]]
      let values: Values = type.isFloatingPoint ? .normal(1) : .integers(0, 1)
      var calls = lists.map { axes in
        BadCall("axes \(axes)", [.argument], [Input(shape, type, values)]) { try call($0[0], axes) }
      }
      if rank > 0 {
        for axes in [[0, 0], [rank - 1, -1]] {
          calls.append(
            BadCall("axes \(axes)", [.argument], [Input(shape, type, values)]) {
              try call($0[0], axes)
            })
        }
      }
      return calls
    }
  }

  /// Calls of an operation along one axis that is not there.
  static func axis(
    shapes: [[Int]] = [[2, 3], [], [4], [2, 0, 3]], _ type: ScalarType = .float32,
    call: @escaping @Sendable (Tensor, Int) throws -> Void
  ) -> [BadCall] {
    shapes.flatMap { shape in
      [shape.count, -shape.count - 1, .max, .min].map { axis in
        let values: Values = type.isFloatingPoint ? .normal(1) : .integers(0, 1)
        return BadCall("axis \(axis)", [.argument], [Input(shape, type, values)]) {
          try call($0[0], axis)
        }
      }
    }
  }
}
