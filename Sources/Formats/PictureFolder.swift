public import Geometry

/// The pictures of a folder that has a sub-folder for each class, named after it.
///
/// Classes and the files of a class are in the order of their names' bytes, so that they are the
/// same everywhere. Files count if their names end in `.png`, `.jpg` or `.jpeg`; names that begin
/// with a full stop do not.
public struct PictureFolder: Sendable {
  public let path: String
  /// The names of the sub-folders.
  public let classNames: [String]
  /// The pictures, those of the first class first.
  public let paths: [String]
  /// The class of each picture.
  public let labels: [Int]

  private static let operation = "PictureFolder"

  /// Lists the folder at `path`. The pictures are not opened.
  ///
  /// - Throws: `TensorError`: `io` if it cannot be read, `argument` if it has no pictures as
  ///   described.
  public init(_ path: String) throws(TensorError) {
    self.path = path
    var classNames: [String] = []
    var paths: [String] = []
    var labels: [Int] = []
    for name in try namesInFolder(path, in: Self.operation) where Self.isSeen(name) {
      let place = "\(path)/\(name)"
      guard isFolder(place) else { continue }
      let files = try namesInFolder(place, in: Self.operation).filter(Self.isPicture)
      paths += files.map { "\(place)/\($0)" }
      labels += files.map { _ in classNames.count }
      classNames.append(name)
    }
    guard !paths.isEmpty else {
      throw TensorError(
        .argument, Self.operation,
        "\(quotedPath(path)) has \(classNames.count) sub-folders and no pictures in them",
        hint: "expected is a sub-folder for each class with .png, .jpg or .jpeg files")
    }
    self.classNames = classNames
    self.paths = paths
    self.labels = labels
  }

  private static func isSeen(_ name: String) -> Bool { !name.hasPrefix(".") }

  private static func isPicture(_ name: String) -> Bool {
    let lowercase = name.lowercased()
    return isSeen(name) && [".png", ".jpg", ".jpeg"].contains { lowercase.hasSuffix($0) }
  }
}
