import Formats
import Foundation
import Testing

/// The built command `apus`, run as a user would.
enum Apus {
  struct Outcome {
    let code: Int32
    let output: String
    let errors: String

    /// The objects of an output of one a line.
    func lines() throws -> [[String: JSON]] {
      try output.split(separator: "\n").map {
        try #require(
          try JSON(parsing: String($0), source: "output", in: "test").object, "\($0)")
      }
    }
  }

  /// The executable beside the tests.
  static let path: String = {
    let tests = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    return tests.appendingPathComponent("apus").path
  }()

  /// Runs it, with variables besides those of the tests.
  static func run(
    _ arguments: [String], environment: [String: String] = [:], folder: String? = nil,
    input: String? = nil
  ) throws -> Outcome {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    // Files, not pipes: what fills a pipe while nobody reads it waits for ever.
    let scratch = try Scratch()
    let (out, err) = ("\(scratch.path)/out", "\(scratch.path)/err")
    for file in [out, err] { _ = FileManager.default.createFile(atPath: file, contents: nil) }
    let outHandle = try #require(FileHandle(forWritingAtPath: out))
    let errHandle = try #require(FileHandle(forWritingAtPath: err))
    process.standardOutput = outHandle
    process.standardError = errHandle
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return Outcome(
      code: process.terminationStatus,
      output: try String(contentsOfFile: out, encoding: .utf8),
      errors: try String(contentsOfFile: err, encoding: .utf8))
  }
}

/// A folder that is removed with this object.
final class Scratch {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/apus-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
