import Apus
import Foundation

let normalizationCases: [KernelCase] = shortNormalizationCases + longNormalizationCases

/// Few and many rows, along the middle and along the last axis.
private let shortNormalizationCases: [KernelCase] =
  [Shape([3, 2, 7]), [600, 3], [2, 130]].map { shape in
    let channels: Shape = [shape[shape.rank - 1]]
    let inputs = [Sample(shape: shape), Sample(shape: channels), Sample(shape: channels)]
    return KernelCase("batch norm \(shape)", of: inputs) {
      let (y, mean, variance) = try batchNorm($0[0], scale: $0[1], shift: $0[2])
      return try relu(y) + mean * variance
    }
  }
  + [Shape([5, 3]), [3, 90], [2, 1100]].map { shape in
    let row: Shape = [shape[shape.rank - 1]]
    return KernelCase("layer norm \(shape)", of: [Sample(shape: shape), Sample(shape: row)]) {
      try layerNorm($0[0], scale: $0[1]) + rmsNorm($0[0], scale: $0[1])
    }
  }
  + [
    KernelCase("layer norm in float64", of: [Sample(shape: [3, 19], type: .float64)]) {
      try layerNorm($0[0])
    },
    KernelCase("group norm", of: [Sample(shape: [2, 3, 3, 4])]) { try groupNorm($0[0], groups: 2) },
    KernelCase("response norm", of: [Sample(shape: [3, 9])]) {
      try localResponseNorm($0[0], radius: 2)
    },
    KernelCase("dropout", of: [Sample(shape: [4, 3, 9])]) { operands in
      try withSeed(1) {
        let x = try spatialDropout(dropout(operands[0], rate: 0.3), rate: 0.5)
        return try alphaDropout(x, rate: 0.2)
      }
    },
  ]

/// So many rows that a CPU takes them in segments; a GPU does with far fewer, and would take
/// oclgrind minutes.
private let longNormalizationCases: [KernelCase] =
  ProcessInfo.processInfo.environment["APUS_OPENCL_FLAVOUR"] == "gpu"
  ? []
  : [
    KernelCase("batch norm of many rows", of: [Sample(shape: [22_000, 3])]) {
      try batchNorm($0[0]).result
    }
  ]
