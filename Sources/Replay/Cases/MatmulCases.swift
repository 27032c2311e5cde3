internal import Geometry
internal import Tensors

extension CaseRunner {
  static let matmul: [String: CaseRunner] = [
    "matmul": .one(.matrixProduct) { arguments in
      try Tensors.matmul(
        arguments.tensor("a"), arguments.tensor("b"),
        transposeLeft: arguments.boolean("transposeA"),
        transposeRight: arguments.boolean("transposeB"))
    }
  ]
}
