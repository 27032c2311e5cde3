internal import Geometry
internal import Tensors

extension CaseRunner {
  static let movement: [String: CaseRunner] = [
    "reshape": .one(.movement) {
      try $0.tensor("x").reshaped(to: Shape($0.integers("shape")))
    },
    "transpose": .one(.movement) { try $0.tensor("x").transposed() },
    "permute": .one(.movement) { try $0.tensor("x").permuted($0.integers("axes")) },
    "concat": .one(.movement) { try concatenate($0.tensors("x"), axis: $0.integer("axis")) },
    "stack": .one(.movement) { try stack($0.tensors("x"), axis: $0.integer("axis")) },
    "split": CaseRunner(.movement) {
      try $0.tensor("x").split(sizes: $0.integers("sizes"), axis: $0.integer("axis"))
    },
    "slice": .one(.movement) {
      try $0.tensor("x").sliced(
        begin: $0.integers("begin"), end: $0.integers("end"), strides: $0.integers("strides"))
    },
    "pad": .one(.movement) { arguments in
      let value = try arguments.number("value")
      let mode = try arguments.choice(
        "mode", ["constant": PaddingMode.constant(value), "reflect": .reflect])
      return try arguments.tensor("x").padded(arguments.pairs("paddings"), mode: mode)
    },
    "tile": .one(.movement) { try $0.tensor("x").tiled($0.integers("repeats")) },
    "flip": .one(.movement) { try $0.tensor("x").flipped(axes: $0.integers("axes")) },
    "roll": .one(.movement) {
      try $0.tensor("x").rolled($0.integers("shifts"), axes: $0.integers("axes"))
    },
  ]
}
