import Foundation
import Testing

/// A folder of its own for a test, removed with everything in it.
final class ScratchFolder {
  let path: String

  init() throws {
    let place = FileManager.default.temporaryDirectory.appending(
      path: "apus-data-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    path = place.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ name: String, _ bytes: [UInt8]) throws {
    #expect(
      FileManager.default.createFile(atPath: "\(path)/\(name)", contents: Foundation.Data(bytes)))
  }
}
