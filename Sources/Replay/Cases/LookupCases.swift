internal import Geometry
internal import Tensors

extension CaseRunner {
  static let lookup: [String: CaseRunner] = [
    "gather": .one(.movement) {
      try $0.tensor("x").gather($0.tensor("indices"), axis: $0.integer("axis"))
    },
    "take": .one(.movement) { try $0.tensor("x").take($0.tensor("indices")) },
    "takeAlongAxis": .one(.movement) {
      try $0.tensor("x").takeAlongAxis($0.tensor("indices"), axis: $0.integer("axis"))
    },
    "embedding": .one(.movement) { try embedding($0.tensor("weight"), $0.tensor("indices")) },
    "oneHot": .one(.movement) {
      try oneHot(
        $0.tensor("indices"), depth: $0.integer("depth"), axis: $0.integer("axis"),
        on: $0.number("onValue"), off: $0.number("offValue"))
    },
    "topK": CaseRunner(.movement) {
      let (values, indices) = try $0.tensor("x").topK(
        $0.integer("k"), axis: $0.integer("axis"))
      return [values, indices]
    },
  ]
}
