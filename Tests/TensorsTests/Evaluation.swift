import Catalogue
import Geometry
import Tensors

/// What a sample gave on a device.
struct Evaluation {
  struct Result {
    let type: ScalarType
    let array: Reference
  }

  var values: [Result] = []
  /// One an input that the sample is differentiable in.
  var gradients: [Result] = []
}

extension Sample {
  /// The weights of the results in gradients, the same in every scalar type.
  func upstream(_ number: Int, shape: [Int], _ type: ScalarType) -> Input {
    let input = Input(shape, .float32, .awayFromZero(0.5, 1.5), seed: 7919 &+ UInt64(number))
    return type == .float32 ? input : input.promoted(to: type)
  }

  /// Computes results and gradients on `device`, together.
  func evaluated(on device: Device) throws -> Evaluation {
    try withDevice(device) {
      let storages = try inputs.map { try $0.storage(on: device) }
      return try recorded {
        let operands = try zip(inputs, storages).map { try $0.viewed($1) }
        let results = try call(operands)
        var slopes: [Tensor] = []
        if !differentiable.isEmpty {
          let upstreams = try results.enumerated().map { number, result in
            try upstream(number, shape: Array(result.shape), result.scalarType).tensor(on: device)
          }
          slopes = try gradients(
            of: results, upstream: upstreams, for: differentiable.map { operands[$0] })
        }
        try evaluate(results + slopes)
        return Evaluation(
          values: try results.map { try $0.result }, gradients: try slopes.map { try $0.result })
      }
    }
  }
}

extension Tensor {
  /// The tensor's numbers as doubles.
  var reference: Reference {
    get throws { Reference(Array(shape), scalarType.numbers(in: try bytes())) }
  }

  fileprivate var result: Evaluation.Result {
    get throws { Evaluation.Result(type: scalarType, array: try reference) }
  }
}
