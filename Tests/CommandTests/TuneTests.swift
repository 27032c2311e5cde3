import Formats
import Foundation
import TestSupport
import Testing

@Suite struct TuneTests {
  private let home: ScratchFolder
  /// Without optimisation programs compile quickly.
  private var environment: [String: String] {
    ["XDG_CACHE_HOME": home.path, "APUS_OPENCL_OPTIONS": "-cl-opt-disable"]
  }
  private var folder: String { home.path + "/apus/tuning" }

  init() throws { home = try ScratchFolder() }

  private func kernels(_ words: [String]) throws -> Apus.Outcome {
    try Apus.run(["kernels"] + words, environment: environment)
  }

  @Test func whatIsTunedIsKeptListedAndRemoved() throws {
    let words = ["tune", "--only", "64x512", "--seconds", "0.001"]
    let tuned = try kernels(words + ["--json"])
    #expect(tuned.code == 0, "\(tuned.errors)")
    let line = try #require(try tuned.lines().first)
    #expect(line["product"]?.string == "matmul 64x512x784")
    #expect(line["device"]?.string == "opencl:0")
    let (before, after) = (line["before_ms"]?.double ?? 0, line["after_ms"]?.double ?? 0)
    #expect(before >= after && after > 0)
    #expect(line["rejected"]?.array?.isEmpty == true, "\(tuned.errors)")
    #expect((line["timed"]?.integer ?? 0) > 0)

    let file = try #require(try FileManager.default.contentsOfDirectory(atPath: folder).first)
    let listed = try kernels(["list", "--json"]).lines().filter { $0["product"] != nil }
    #expect(listed.map { $0["cut"] } == [line["cut"]])
    #expect(try kernels(["list"]).output.contains("matmul 64x512x784"))

    // A damaged one is not used, which is said, and made anew.
    let path = URL(fileURLWithPath: "\(folder)/\(file)")
    var bytes = try Data(contentsOf: path)
    bytes[bytes.count - 3] ^= 1
    try bytes.write(to: path)
    let damaged = try kernels(["list", "--json"])
    #expect(damaged.errors.contains("is damaged"), "\(damaged.errors)")
    #expect(try damaged.lines().allSatisfy { $0["product"] == nil })
    let again = try kernels(words)
    #expect(again.code == 0)
    #expect(again.errors.contains("made anew"), "\(again.errors)")
    #expect(again.output.contains("before ms"), "\(again.output)")
    #expect(try kernels(["list"]).errors.isEmpty)

    #expect(try kernels(["clear"]).code == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    #expect(try kernels(["list"]).output.contains("matmul") == false)
  }

  @Test(arguments: [
    (["tune", "--device", "cpu"], 2, "nothing to tune"),
    (["tune", "--only", "nothing"], 2, "matches no name"),
    (["tune", "--device", "opencl:99"], 69, "opencl:99"),
    (["tune", "--seconds", "0"], 2, "--seconds"), (["tnue"], 2, "did you mean tune?"),
  ])
  func aWrongArgumentHelps(_ words: [String], _ code: Int32, _ help: String) throws {
    let outcome = try kernels(words)
    #expect(outcome.code == code, "\(outcome.errors)")
    #expect(outcome.errors.contains(help), "\(outcome.errors)")
  }
}
