internal import Geometry

/// Turns the first target, the number of a class, into as many numbers as there are classes: 1 at
/// the class, else 0.
public struct OneHot: Preparation {
  public let classes: Int
  public let smoothing: Float

  /// - Parameters:
  ///   - classes: how many there are; labels are below it.
  ///   - smoothing: the share that is spread evenly over all classes.
  public init(classes: Int, smoothing: Float = 0) {
    self.classes = max(0, classes)
    self.smoothing = smoothing
  }

  public func prepare(_ block: inout ExampleBlock, _ rows: RowNumbers) throws {
    guard let target = block.targets.first else {
      throw TensorError(.argument, "oneHot", "the examples have no targets")
    }
    let labels = target.integers
    let low = smoothing / Float(max(classes, 1))
    block.targets[0] = try Values(
      shape: Shape(Array(target.shape) + [classes]), as: .float32
    ) { memory in
      let result = memory.assumingMemoryBound(to: Float.self)
      result.initialize(repeating: low)
      for (place, label) in labels.enumerated() {
        guard label >= 0, label < classes else {
          throw TensorError(
            .index, "oneHot", "class \(label) does not exist, they go from 0 to \(classes - 1)")
        }
        result[place * classes + label] = 1 - smoothing + low
      }
    }
  }
}
