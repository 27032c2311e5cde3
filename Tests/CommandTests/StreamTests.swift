import Formats
import Foundation
import TestSupport
import Testing

/// Standard streams that are closed, or whose reader goes away.
@Suite struct StreamTests {
  private let scratch: ScratchFolder
  private let training: String

  init() throws {
    scratch = try ScratchFolder()
    let model = try scratch.file(
      "model.json", #"{"input": [2], "layers": [{"layer": "Dense", "units": 3}]}"#)
    training = "'\(Apus.path)' train --model '\(model)' --data blobs --epochs 3 --device cpu"
  }

  /// The exit code of a line for the shell.
  private func shell(_ line: String) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", "cd '\(scratch.path)' && \(line)"]
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// Files of the run must not get the numbers of the streams, and with them what is printed.
  @Test(arguments: ["2>&-", "--json >&-", "--json <&- >&- 2>&-"])
  func aClosedStreamLeavesTheFilesOfARunWhole(_ closed: String) throws {
    #expect(try shell("\(training) --out run \(closed)") == 0)
    let lines = try scratch.text("run/metrics.jsonl").split(separator: "\n")
    #expect(lines.count >= 3)
    for line in lines {
      let object = try JSON(parsing: String(line), source: "metrics", in: "test").object
      #expect(object?["kind"] != nil, "\(line)")
    }
    #expect(try scratch.names(in: "run").contains("report.html"))
  }

  @Test func aTrainingGoesOnWithoutAReader() throws {
    #expect(
      try shell("\(training) --out run --quiet --json | head -n 1; exit ${PIPESTATUS[0]}") == 0)
    #expect(try scratch.names(in: "run").contains("report.html"))
    #expect(try scratch.text("run/metrics.jsonl").contains(#""epoch": 3"#))
  }

  @Test func aFailureIsToldWithoutAReader() throws {
    try scratch.file(
      "workloads.json",
      #"{"workloads": [{"name": "a", "kind": "nothing"}, {"name": "b", "kind": "nothing"}]}"#)
    let bench = "'\(Apus.path)' bench --workloads workloads.json --device cpu --json"
    #expect(try shell("\(bench) | true; exit ${PIPESTATUS[0]}") == 1)
  }
}
