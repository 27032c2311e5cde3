internal import Geometry
internal import Glibc

/// The path of the first of `names` that is a file in `folder`.
///
/// - Throws: `TensorError` of kind `io` that says what is missing where, with `hint`.
func existingFile(
  _ names: [String], in folder: String, operation: String, hint: String
) throws(TensorError) -> String {
  for name in names {
    var status = stat()
    let path = "\(folder)/\(name)"
    if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG { return path }
  }
  var status = stat()
  let isFolder = stat(folder, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  throw TensorError(
    .io, operation,
    isFolder
      ? "there is no \(names.first ?? "file") in '\(folder)'" : "there is no folder '\(folder)'",
    hint: hint, code: ENOENT)
}
