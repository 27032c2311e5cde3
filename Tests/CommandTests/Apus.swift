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
  ///
  /// - Parameters:
  ///   - output: where standard output goes instead; the outcome then has none.
  ///   - largestFile: no file grows beyond that many KiB, as on a disk that is full.
  static func run(
    _ arguments: [String], environment: [String: String] = [:], folder: String? = nil,
    output: String? = nil, largestFile: Int? = nil
  ) throws -> Outcome {
    try start(
      arguments, environment: environment, folder: folder, output: output, largestFile: largestFile
    ).outcome()
  }

  /// Starts it and does not wait.
  static func start(
    _ arguments: [String], environment: [String: String] = [:], folder: String? = nil,
    output: String? = nil, largestFile: Int? = nil
  ) throws -> Running {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    if let largestFile {
      process.executableURL = URL(fileURLWithPath: "/bin/bash")
      process.arguments =
        ["-c", "ulimit -f \(largestFile); exec \"$0\" \"$@\"", path] + arguments
    }
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    let running = try Running(process)
    let out = try #require(FileHandle(forWritingAtPath: output ?? running.outputFile))
    let err = try #require(FileHandle(forWritingAtPath: running.errorFile))
    process.standardOutput = out
    process.standardError = err
    process.standardInput = FileHandle.nullDevice
    try process.run()
    return running
  }

  /// The command at work.
  final class Running {
    private let process: Process
    private let scratch: ScratchFolder
    // Files, not pipes: what fills a pipe while nobody reads it waits for ever.
    var outputFile: String { scratch.path + "/out" }
    var errorFile: String { scratch.path + "/err" }
    var isRunning: Bool { process.isRunning }
    var identifier: Int32 { process.processIdentifier }

    fileprivate init(_ process: Process) throws {
      self.process = process
      scratch = try ScratchFolder()
      for file in [outputFile, errorFile] {
        _ = FileManager.default.createFile(atPath: file, contents: nil)
      }
    }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Looks until something is so, or it has ended, or that many seconds are over.
    func wait(_ seconds: Double = 60, until condition: () -> Bool) -> Bool {
      let end = ContinuousClock.now + .seconds(seconds)
      while !condition() {
        guard isRunning, ContinuousClock.now < end else { return condition() }
        usleep(2000)
      }
      return true
    }

    /// What it ended with; waits for the end.
    func outcome() throws -> Outcome {
      process.waitUntilExit()
      return Outcome(
        code: process.terminationStatus,
        output: try String(contentsOfFile: outputFile, encoding: .utf8),
        errors: try String(contentsOfFile: errorFile, encoding: .utf8))
    }
  }
}
