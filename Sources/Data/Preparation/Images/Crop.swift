internal import Geometry

/// Cuts a part out of images, `height` by `width`: at a random place, or in the middle.
public struct Crop: Preparation {
  let height: Int
  let width: Int
  let padding: Int
  let seed: UInt64?
  let withTargets: Bool

  /// - Parameters:
  ///   - height: rows of what is cut out.
  ///   - width: columns of what is cut out.
  ///   - padding: zeros put around the image first.
  ///   - seed: nil cuts out the middle.
  ///   - withTargets: true where the first target is an image too.
  public init(
    _ height: Int, _ width: Int, padding: Int = 0, seed: UInt64? = nil, withTargets: Bool = false
  ) {
    self.height = height
    self.width = width
    self.padding = padding
    self.seed = seed.map { Random.seed($0, for: "crop") }
    self.withTargets = withTargets
  }

  public func prepare(_ block: inout ExampleBlock, _ rows: RowNumbers) throws {
    guard let input = block.inputs.first else { return }
    block.inputs[0] = try cropped(input, rows)
    if withTargets, let target = block.targets.first {
      block.targets[0] = try cropped(target, rows)
    }
  }

  private func cropped(_ images: Values, _ rows: RowNumbers) throws -> Values {
    let shape = images.shape
    guard shape.rank == 4, height > 0, width > 0, padding >= 0, padding < 1 << 20,
      height <= shape[1] + 2 * padding, width <= shape[2] + 2 * padding
    else {
      throw TensorError(
        .shape, "crop",
        "no part of \(height) by \(width) in images \(images.rowShape) with padding \(padding)")
    }
    let pixel = shape[3] * images.scalarType.byteCount
    let slack = (shape[1] + 2 * padding - height, shape[2] + 2 * padding - width)
    return try Values(
      shape: [shape[0], height, width, shape[3]], as: images.scalarType
    ) { target in
      target.initializeMemory(as: UInt8.self, repeating: 0)
      images.withUnsafeBytes { source in
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        for image in 0..<shape[0] {
          var top = slack.0 / 2
          var left = slack.1 / 2
          if let seed {
            var random = rows.random(image, seed: seed)
            top = random.below(slack.0 + 1)
            left = random.below(slack.1 + 1)
          }
          let columns = max(0, padding - left)..<min(width, shape[2] + padding - left)
          guard !columns.isEmpty else { continue }
          for row in 0..<height {
            let sourceRow = top + row - padding
            guard sourceRow >= 0, sourceRow < shape[1] else { continue }
            let first = left + columns.lowerBound - padding
            (to + ((image * height + row) * width + columns.lowerBound) * pixel).copyMemory(
              from: from + ((image * shape[1] + sourceRow) * shape[2] + first) * pixel,
              byteCount: columns.count * pixel)
          }
        }
      }
    }
  }
}
