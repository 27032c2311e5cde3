import Formats
import Foundation
import TestSupport
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
    _ arguments: [String], environment: [String: String] = [:], folder: String? = nil
  ) throws -> Outcome {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    // Files, not pipes: what fills a pipe while nobody reads it waits for ever.
    let scratch = try ScratchFolder()
    let outHandle = try #require(FileHandle(forWritingAtPath: try scratch.file("out", "")))
    let errHandle = try #require(FileHandle(forWritingAtPath: try scratch.file("err", "")))
    process.standardOutput = outHandle
    process.standardError = errHandle
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return Outcome(
      code: process.terminationStatus,
      output: try scratch.text("out"), errors: try scratch.text("err"))
  }
}
