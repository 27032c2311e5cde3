import Foundation
import Glibc
import Testing

/// A folder of its own for a test, removed with everything in it.
final class Folder {
  let path: String

  init() throws {
    let place = FileManager.default.temporaryDirectory.path
    var template = Array("\(place)/apus-formats-XXXXXX".utf8CString)
    path = try #require(mkdtemp(&template).map { String(cString: $0) })
  }

  deinit {
    for name in names { unlink("\(path)/\(name)") }
    rmdir(path)
  }

  var names: [String] {
    guard let listing = opendir(path) else { return [] }
    defer { closedir(listing) }
    var names: [String] = []
    while let entry = readdir(listing) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  func file(_ name: String, _ bytes: [UInt8]) throws -> String {
    let path = "\(path)/\(name)"
    let stream = try #require(fopen(path, "wb"))
    #expect(fwrite(bytes, 1, bytes.count, stream) == bytes.count)
    #expect(fclose(stream) == 0)
    return path
  }

  /// A safetensors file with this header, its length in front, and `data` zero bytes.
  func safetensors(_ header: String, data: Int = 0) throws -> String {
    try safetensors(Array(header.utf8), data: data)
  }

  func safetensors(_ header: [UInt8], data: Int = 0) throws -> String {
    var length = UInt64(header.count).littleEndian
    let prefix = withUnsafeBytes(of: &length) { Array($0) }
    return try file(
      "file.safetensors", prefix + header + [UInt8](repeating: 0, count: data))
  }
}
