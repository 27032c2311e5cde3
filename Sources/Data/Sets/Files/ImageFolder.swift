public import Formats
public import Geometry

/// The pictures of a folder that has a sub-folder for each class, decoded when they are needed.
///
///     let flowers = try ImageFolder("flowers", size: [64, 64])
///     let batches = flowers.examples.shuffled(seed: 1).batched(32).prefetched(2)
///
/// An input is a float32 `[rows, columns, channels]` from 0 to 1, a target the class, an int32. A
/// picture that cannot be decoded is an error that names its file.
public struct ImageFolder: Sendable {
  /// The files and their classes.
  public let files: PictureFolder
  /// The pictures in the order of the files, class by class: shuffle them to train.
  public let examples: Dataset<Example>

  /// The names of the sub-folders, in the order of their bytes.
  public var classNames: [String] { files.classNames }
  public var count: Int { files.paths.count }

  /// Lists the pictures in `path`.
  ///
  /// - Parameters:
  ///   - path: the folder that has a sub-folder for each class.
  ///   - size: rows and columns that pictures are brought to; their own if nil.
  ///   - channels: 1 for grey, 3 for RGB, 2 and 4 with alpha.
  ///   - workers: how many threads decode pictures.
  /// - Throws: `TensorError`: `io` if the folder cannot be read, `argument` if it has no pictures
  ///   in sub-folders.
  public init(
    _ path: String, size: [Int]?, channels: Int = 3, workers: Int = 2
  ) throws(TensorError) {
    if let size, size.count != 2 || size.contains(where: { $0 < 1 }) {
      throw TensorError(.argument, "ImageFolder", "size \(size) is not rows and columns")
    }
    guard (1...4).contains(channels) else {
      throw TensorError(.argument, "ImageFolder", "\(channels) channels, expected 1 to 4")
    }
    let files = try PictureFolder(path)
    self.files = files
    examples = Dataset(Array(files.paths.indices)).map(workers: workers) { index in
      var picture = try Picture(path: files.paths[index]).withChannels(channels)
      if let size { picture = try picture.resized(width: size[1], height: size[0]) }
      let pixels = try Values(
        shape: [picture.height, picture.width, channels], as: .float32
      ) { target in
        let target = target.bindMemory(to: Float.self)
        for (place, sample) in picture.bytes.enumerated() {
          target[place] = Float(sample) * (1 / 255)
        }
      }
      return Example(input: pixels, target: Values(Int32(files.labels[index])))
    }
  }
}
