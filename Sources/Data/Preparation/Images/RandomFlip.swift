internal import Geometry

/// Mirrors images at random: the first input, and on request the first target with it.
///
/// Where mirroring changes what an image shows, `classes` says what it becomes: a sign that points
/// left becomes one that points right.
///
///     RandomFlip(seed: 1, classes: [leftTurn: rightTurn, rightTurn: leftTurn])
public struct RandomFlip: Preparation {
  public enum Direction: Sendable {
    /// Left becomes right.
    case horizontal
    /// Top becomes bottom.
    case vertical
  }

  let direction: Direction
  let probability: Float
  let classes: [Int: Int]
  let withTargets: Bool
  let seed: UInt64

  /// - Parameters:
  ///   - direction: what becomes what.
  ///   - probability: with which an example is flipped, from 0 to 1.
  ///   - seed: decides what is drawn, together with the epoch and the example.
  ///   - classes: what a class becomes in the mirror, for those that change.
  ///   - withTargets: true where the first target is an image too, a mask for instance.
  public init(
    _ direction: Direction = .horizontal, probability: Float = 0.5, seed: UInt64,
    classes: [Int: Int] = [:], withTargets: Bool = false
  ) {
    self.direction = direction
    self.probability = probability
    self.classes = classes
    self.withTargets = withTargets
    self.seed = Random.seed(seed, for: direction == .horizontal ? "flip" : "flipVertical")
  }

  public func prepare(_ block: inout ExampleBlock, _ rows: RowNumbers) throws {
    guard let input = block.inputs.first else { return }
    let isFlipped = rows.numbers.indices.map { row in
      var random = rows.random(row, seed: seed)
      return random.chance(probability)
    }
    block.inputs[0] = try flipped(input, isFlipped)
    guard let target = block.targets.first else { return }
    if withTargets { block.targets[0] = try flipped(target, isFlipped) }
    if !classes.isEmpty { block.targets[0] = try relabelled(target, isFlipped) }
  }

  private func flipped(_ images: Values, _ isFlipped: [Bool]) throws -> Values {
    guard images.shape.rank == 4 else {
      throw TensorError(
        .shape, "flip", "images have height, width and channels, not \(images.rowShape)")
    }
    let (height, width) = (images.shape[1], images.shape[2])
    let pixel = images.shape[3] * images.scalarType.byteCount
    let line = width * pixel
    return try Values(shape: images.shape, as: images.scalarType) { target in
      images.withUnsafeBytes { source in
        target.copyMemory(from: source)
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        for image in isFlipped.indices where isFlipped[image] {
          for row in 0..<height {
            let start = (image * height + row) * line
            if direction == .vertical {
              let mirrored = (image * height + height - 1 - row) * line
              (to + start).copyMemory(from: from + mirrored, byteCount: line)
            } else {
              for column in 0..<width {
                (to + start + column * pixel).copyMemory(
                  from: from + start + (width - 1 - column) * pixel, byteCount: pixel)
              }
            }
          }
        }
      }
    }
  }

  /// The labels after mirroring: numbers of classes, or one-hot.
  private func relabelled(_ target: Values, _ isFlipped: [Bool]) throws -> Values {
    let size = target.rowShape.count
    var numbers = target.floats
    for row in isFlipped.indices where isFlipped[row] {
      if size == 1 {
        let label = Int(exactly: numbers[row].rounded()) ?? -1
        if let mirrored = classes[label] { numbers[row] = Float(mirrored) }
        continue
      }
      let before = Array(numbers[row * size..<(row + 1) * size])
      for (label, mirrored) in classes {
        guard label >= 0, label < size, mirrored >= 0, mirrored < size else {
          throw TensorError(
            .index, "flip", "classes \(label) and \(mirrored) are not among \(size)")
        }
        numbers[row * size + mirrored] = before[label]
        if !classes.values.contains(label) { numbers[row * size + label] = 0 }
      }
    }
    return try Values(rounding: numbers, shape: target.shape, as: target.scalarType)
  }
}
