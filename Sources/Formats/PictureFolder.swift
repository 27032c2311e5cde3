public import Geometry
internal import Glibc

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
    for name in try folderEntries(path, operation: Self.operation) where isFolder("\(path)/\(name)")
    {
      let place = "\(path)/\(name)"
      let files = try folderEntries(place, operation: Self.operation).filter(Self.isPicture)
      paths += files.map { "\(place)/\($0)" }
      labels += files.map { _ in classNames.count }
      classNames.append(name)
    }
    guard !paths.isEmpty else {
      throw TensorError(
        .argument, Self.operation,
        "\(quoted(path)) has \(classNames.count) sub-folders and no pictures in them",
        hint: "expected is a sub-folder for each class with .png, .jpg or .jpeg files")
    }
    self.classNames = classNames
    self.paths = paths
    self.labels = labels
  }

  private static func isPicture(_ name: String) -> Bool {
    let lowercase = name.lowercased()
    return [".png", ".jpg", ".jpeg"].contains { lowercase.hasSuffix($0) }
  }
}

/// The names in a folder in the order of their bytes, without those that begin with a full stop.
func folderEntries(_ path: String, operation: String) throws(TensorError) -> [String] {
  guard let listing = opendir(path) else {
    throw systemError(operation, "cannot open the folder \(quoted(path))")
  }
  defer { closedir(listing) }
  var names: [String] = []
  while true {
    errno = 0
    guard let entry = readdir(listing) else {
      guard errno == 0 else { throw systemError(operation, "cannot read \(quoted(path))") }
      return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
    let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if !name.hasPrefix(".") { names.append(name) }
  }
}

private func isFolder(_ path: String) -> Bool {
  var status = stat()
  return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}
