internal import Foundation
internal import Glibc

/// A folder of its own for a test, removed with everything in it.
package final class ScratchFolder {
  package let path: String

  package init() throws {
    path = FileManager.default.temporaryDirectory.path + "/apus-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of a file that holds these bytes.
  @discardableResult
  package func file(_ name: String, _ bytes: [UInt8]) throws -> String {
    let path = "\(path)/\(name)"
    guard let stream = fopen(path, "wb") else { throw Failure(name, errno) }
    let written = fwrite(bytes, 1, bytes.count, stream)
    guard fclose(stream) == 0, written == bytes.count else { throw Failure(name, errno) }
    return path
  }

  /// The path of a file that holds this text.
  @discardableResult
  package func file(_ name: String, _ text: String) throws -> String {
    try file(name, Array(text.utf8))
  }

  package func bytes(_ name: String) throws -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: "\(path)/\(name)") else {
      throw Failure(name, ENOENT)
    }
    return [UInt8](data)
  }

  package func text(_ name: String) throws -> String {
    String(decoding: try bytes(name), as: UTF8.self)
  }

  /// What is in the folder, or in one of its folders: hidden files too, in order.
  package func names(in folder: String = ".") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(folder)").sorted()
  }

  private struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ name: String, _ code: Int32) {
      description = "\(name): \(String(cString: strerror(code)))"
    }
  }
}
