public import Geometry

/// Weights of classes that make up for their different frequency: `count / (classes · frequency)`,
/// so that the mean weight of an example is 1. A class without examples weighs 0.
///
///     let weights = try classWeights(of: data.train, classes: 10)
///     let train = data.train.prepared(ClassWeighting(weights))
public func classWeights(
  of data: Dataset<Example>, classes: Int
) throws(TensorError) -> [Float] {
  var frequencies = Array(repeating: 0, count: max(0, classes))
  var count = 0
  let iterator = try data.makeIterator()
  while let example = try iterator.next() {
    let label = try example.requiredLabel("classWeights")
    guard label >= 0, label < classes else {
      throw TensorError(
        .index, "classWeights", "class \(label) does not exist, they go from 0 to \(classes - 1)")
    }
    frequencies[label] += 1
    count += 1
  }
  let present = frequencies.count { $0 > 0 }
  return frequencies.map { $0 == 0 ? 0 : Float(Double(count) / Double(present * $0)) }
}

/// Gives each example the weight of its class, times the weight that it has.
public struct ClassWeighting: Preparation {
  public let weights: [Float]

  public init(_ weights: [Float]) { self.weights = weights }

  public func prepare(_ block: inout ExampleBlock, _ rows: RowNumbers) throws {
    let before = block.weights?.floats
    var result: [Float] = []
    for row in 0..<block.count {
      let label = try block.example(row).requiredLabel("classWeighting")
      guard label >= 0, label < weights.count else {
        throw TensorError(
          .index, "classWeighting",
          "class \(label) has no weight, there are \(weights.count)")
      }
      result.append(weights[label] * (before?[row] ?? 1))
    }
    block.weights = Values(result)
  }
}
