internal import Formats
public import Geometry
internal import Tensors

/// Pictures with the class of each pixel in a second picture, the mask, decoded when they are
/// needed.
///
///     cells/images/a.png      cells/masks/a.png
///     cells/images/b.jpg      cells/masks/b.png
///
///     let cells = try MaskFolder("cells", size: [128, 128])
///     let batches = cells.examples.shuffled(seed: 1).batched(8).prefetched(2)
///
/// An input is a float32 `[rows, columns, channels]` from 0 to 1, a target the class of each pixel,
/// an int32 `[rows, columns]`. The grey values that occur in the masks are the classes, the least
/// first.
public struct MaskFolder: Sendable {
  /// The pictures, in the order of their names' bytes.
  public let pictures: [String]
  /// The mask of each picture.
  public let masks: [String]
  /// The grey value of each class.
  public let values: [UInt8]
  /// The pairs in the order of the pictures: shuffle them to train.
  public let examples: Dataset<Example>

  public var count: Int { pictures.count }

  /// The names of the two sub-folders.
  public static let folders = (pictures: "images", masks: "masks")

  /// Pairs the pictures in `path/images` with those of the same names, endings left out, in
  /// `path/masks`, and reads the masks to find the classes.
  ///
  /// - Parameters:
  ///   - path: the folder that has `images` and `masks`.
  ///   - size: rows and columns that pairs are brought to, masks by the nearest pixel; their own if
  ///     nil.
  ///   - channels: of the pictures: 1 for grey, 3 for RGB, 2 and 4 with alpha.
  ///   - values: the grey value of each class, where that is known, as of a model that is trained;
  ///     others in a mask are then an error.
  ///   - workers: how many threads decode pictures.
  /// - Throws: `TensorError`: `io` if a folder or a mask is missing, `corruptFile` for masks with
  ///   more than 64 values.
  public init(
    _ path: String, size: [Int]?, channels: Int = 1, values: [UInt8]? = nil, workers: Int = 2
  ) throws(TensorError) {
    if let size, size.count != 2 || size.contains(where: { $0 < 1 }) {
      throw TensorError(.argument, "MaskFolder", "size \(size) is not rows and columns")
    }
    guard (1...4).contains(channels) else {
      throw TensorError(.argument, "MaskFolder", "\(channels) channels, expected 1 to 4")
    }
    let (pictures, masks) = try Self.pairs(in: path)
    let values = try Self.values(of: masks, known: values)
    self.pictures = pictures
    self.masks = masks
    self.values = values
    var classes = [Int32](repeating: -1, count: 256)
    for (place, value) in values.enumerated() { classes[Int(value)] = Int32(place) }
    let table = classes
    examples = Dataset(Array(pictures.indices)).map(workers: workers) { index in
      var picture = try Picture(path: pictures[index]).withChannels(channels)
      var mask = try Picture(path: masks[index]).withChannels(1)
      guard size != nil || picture.width == mask.width && picture.height == mask.height else {
        throw TensorError(
          .shape, "MaskFolder",
          "\(pictures[index]) has \(picture.height) rows of \(picture.width) pixels, its mask "
            + "\(mask.height) of \(mask.width)",
          hint: "size: brings both to the same")
      }
      if let size {
        picture = try picture.resized(width: size[1], height: size[0])
        mask = try mask.sampled(width: size[1], height: size[0])
      }
      return Example(
        input: try Values(
          picture.bytes.map { Float($0) * (1 / 255) },
          shape: [picture.height, picture.width, channels]),
        target: try Values(
          mask.bytes.map { table[Int($0)] }, shape: [mask.height, mask.width]))
    }
  }

  private static func pairs(
    in path: String
  ) throws(TensorError) -> (pictures: [String], masks: [String]) {
    let files = try PictureFolder(path)
    func place(_ name: String) throws(TensorError) -> Int {
      guard let place = files.classNames.firstIndex(of: name) else {
        throw TensorError(
          .io, "MaskFolder", "\(path) has no sub-folder \"\(name)\"",
          hint:
            "pictures lie in \(path)/\(folders.pictures), their masks in \(path)/\(folders.masks)",
          code: 2)
      }
      return place
    }
    let (pictures, masks) = (try place(folders.pictures), try place(folders.masks))
    var known: [Substring: String] = [:]
    for (file, label) in zip(files.paths, files.labels) where label == masks {
      known[name(file)] = file
    }
    var pairs: (pictures: [String], masks: [String]) = ([], [])
    for (file, label) in zip(files.paths, files.labels) where label == pictures {
      guard let mask = known[name(file)] else {
        throw TensorError(
          .io, "MaskFolder", "\(file) has no mask: \(path)/\(folders.masks)/\(name(file)).png",
          code: 2)
      }
      pairs.pictures.append(file)
      pairs.masks.append(mask)
    }
    guard !pairs.pictures.isEmpty else {
      throw TensorError(.io, "MaskFolder", "\(path)/\(folders.pictures) has no pictures", code: 2)
    }
    return pairs
  }

  /// The name of a file without folders and ending.
  private static func name(_ path: String) -> Substring {
    let name = path.split(separator: "/").last ?? ""
    return name.prefix(upTo: name.lastIndex(of: ".") ?? name.endIndex)
  }

  /// The grey values that occur, or those that are known.
  private static func values(
    of masks: [String], known: [UInt8]?
  ) throws(TensorError) -> [UInt8] {
    var isThere = [Bool](repeating: false, count: 256)
    for path in masks {
      for value in try Picture(path: path).withChannels(1).bytes { isThere[Int(value)] = true }
      if let known,
        let other = isThere.indices.first(where: {
          isThere[$0] && !known.contains(UInt8($0))
        })
      {
        throw TensorError(
          .corruptFile, "MaskFolder", "\(path) has the grey value \(other), classes have \(known)")
      }
      let count = isThere.count { $0 }
      guard count <= 64 else {
        throw TensorError(
          .corruptFile, "MaskFolder",
          "the masks up to \(path) have \(count) grey values, at most 64",
          hint: "a mask has one value a class: PNG, and not smoothed when it was resized")
      }
    }
    return known ?? isThere.indices.filter { isThere[$0] }.map { UInt8($0) }
  }
}
