import Formats
import Foundation
import TestSupport
import Testing

/// Workloads of every kind, as small as they can be.
@Suite struct BenchTests {
  private static let workloads = #"""
    {"workloads": [
      {"name": "gemm", "kind": "gemm", "m": 2, "n": 3, "k": 4},
      {"name": "bgemm", "kind": "bgemm", "b": 2, "m": 2, "n": 3, "k": 4},
      {"name": "forward", "kind": "conv2d", "n": 1, "c": 4, "h": 5, "w": 5, "o": 4, "kernel": 3,
       "stride": 1, "pad": 1, "pass": "fwd"},
      {"name": "grouped", "kind": "conv2d", "n": 1, "c": 4, "h": 5, "w": 5, "o": 4, "kernel": 3,
       "stride": 1, "pad": 1, "groups": 2, "pass": "fwdbwd"},
      {"name": "pool", "kind": "pool", "op": "max", "n": 1, "c": 2, "h": 4, "w": 4, "kernel": 2,
       "stride": 2},
      {"name": "lstm", "kind": "lstm", "batch": 2, "steps": 3, "input": 2, "hidden": 2},
      {"name": "softmax_ce", "kind": "softmax_ce", "rows": 3, "classes": 4},
      {"name": "batchnorm", "kind": "batchnorm", "n": 2, "c": 3, "h": 2, "w": 2},
      {"name": "elementwise", "kind": "elementwise", "count": 10},
      {"name": "reduce", "kind": "reduce", "rows": 3, "cols": 4, "axis": 0},
      {"name": "embedding", "kind": "embedding", "vocab": 5, "dim": 2, "tokens": 6},
      {"name": "optimizer", "kind": "optimizer", "op": "adam", "count": 12, "tensors": 3},
      {"name": "unknown", "kind": "nothing"}
    ]}
    """#

  @Test(arguments: ["cpu", "opencl:0"])
  func everyKindIsTimed(_ device: String) throws {
    let scratch = try ScratchFolder()
    let path = try scratch.file("workloads.json", Self.workloads)
    let outcome = try Apus.run([
      "bench", "--workloads", path, "--device", device, "--seconds", "0", "--json",
    ])
    // The last one cannot run.
    #expect(outcome.code == 1)
    let lines = try outcome.lines()
    #expect(lines.count == 13)
    for line in lines.dropLast() {
      let name = try #require(line["workload"]?.string)
      #expect(line["device"]?.string == device && line["runs"]?.integer == 5, "\(line)")
      let (middle, least) = (line["ms"]?.double ?? 0, line["min_ms"]?.double ?? 0)
      #expect(least > 0 && middle >= least, "\(line)")
      let counts = ["gemm", "bgemm", "forward", "grouped", "lstm"].contains(name)
      #expect((line["gflop_s"] != nil) == counts && (line["gb_s"] == nil) == counts, "\(line)")
    }
    #expect(lines.last?["error"]?.string?.contains("nothing") == true)
  }

  /// OpenBLAS starts threads when it is loaded, which stay awake and take the cores from kernels.
  @Test func nothingButItsThreadsRuns() throws {
    let scratch = try ScratchFolder()
    let path = try scratch.file(
      "workloads.json",
      #"""
      {"workloads": [
        {"name": "first", "kind": "gemm", "m": 700, "n": 700, "k": 700},
        {"name": "second", "kind": "gemm", "m": 700, "n": 700, "k": 700}
      ]}
      """#)
    let running = try Apus.start(
      ["bench", "--workloads", path, "--device", "cpu", "--seconds", "0.5", "--json"],
      environment: ["APUS_THREADS": "1"])
    func hasLine() -> Bool {
      (try? String(contentsOfFile: running.outputFile, encoding: .utf8))?.contains("\n") ?? false
    }
    #expect(running.wait(until: hasLine))
    let tasks = "/proc/\(running.identifier)/task"
    #expect(try FileManager.default.contentsOfDirectory(atPath: tasks).count == 1)
    #expect(try running.outcome().code == 0)
  }
}
