import Formats
import Foundation
import TestSupport
import Testing

/// Full disks, missing devices and damaged files: each with its exit code and words that help.
@Suite struct TroubleTests {
  private let scratch: ScratchFolder
  private var model: String { scratch.path + "/model.json" }
  private var run: String { scratch.path + "/run" }

  init() throws {
    scratch = try ScratchFolder()
    try #"{"name": "small", "input": [2], "layers": [{"layer": "Dense", "units": 3}]}"#
      .write(toFile: model, atomically: true, encoding: .utf8)
    try "x,y\n1.5,0.2\n".write(
      toFile: scratch.path + "/points.csv", atomically: true, encoding: .utf8)
  }

  private var training: [String] {
    [
      "train", "--model", model, "--data", "blobs", "--epochs", "1", "--batch", "500", "--out", run,
      "--device", "cpu",
    ]
  }

  @Test func anOutputThatTakesNothingIsAnError() throws {
    #expect(try Apus.run(training + ["--quiet"]).code == 0)
    for words in [
      ["summary", "--model", "lenet"], ["devices", "--json"],
      ["inspect", run + "/checkpoints/best.safetensors"],
      ["evaluate", "--checkpoint", run, "--device", "cpu", "--quiet"],
      ["predict", "--checkpoint", run, scratch.path + "/points.csv", "--device", "cpu"],
      ["report", run], training + ["--json", "--quiet"],
    ] {
      let outcome = try Apus.run(words, output: "/dev/full")
      #expect(outcome.code == 74, "\(words): \(outcome.errors)")
      #expect(outcome.errors.contains("No space left"), "\(words): \(outcome.errors)")
    }
  }

  @Test func aFullDiskEndsATrainingWithTheFileNamed() throws {
    // run.json fits into the limit, a checkpoint of some thousand weights does not.
    try #"""
    {"name": "small", "input": [2], "layers": [
      {"layer": "Dense", "units": 3000}, {"layer": "Dense", "units": 3}]}
    """#.write(toFile: model, atomically: true, encoding: .utf8)
    var words = training
    words[words.firstIndex(of: run) ?? 0] = "run"
    let outcome = try Apus.run(words, folder: scratch.path, largestFile: 16)
    #expect(outcome.code == 74, "\(outcome.code) \(outcome.errors)")
    #expect(outcome.errors.contains("File too large"), "\(outcome.errors)")
    #expect(outcome.errors.contains("checkpoints/"), "\(outcome.errors)")
    let left = try FileManager.default.contentsOfDirectory(atPath: run + "/checkpoints")
    #expect(left.isEmpty, "\(left)")
  }

  @Test func checkpointsOfWhichNoneIsWholeAreBadData() throws {
    #expect(try Apus.run(training + ["--quiet"]).code == 0)
    let folder = run + "/checkpoints"
    for name in try scratch.names(in: "run/checkpoints") {
      if name.hasPrefix("best") {
        try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
      } else {
        #expect(truncate("\(folder)/\(name)", 100) == 0)
      }
    }
    for words in [
      training + ["--resume", "--quiet"], ["evaluate", "--checkpoint", run, "--quiet"],
    ] {
      let outcome = try Apus.run(words)
      #expect(outcome.code == 65, "\(outcome.code) \(outcome.errors)")
      #expect(outcome.errors.contains("no checkpoint in \(run) is whole"), "\(outcome.errors)")
    }
  }

  @Test func whatAFullDiskDoesNotTakeIsNotThere() throws {
    #expect(try Apus.run(training + ["--quiet"]).code == 0)
    let before = try Data(contentsOf: URL(fileURLWithPath: run + "/report.html"))
    let outcome = try Apus.run(["report", "run"], folder: scratch.path, largestFile: 4)
    #expect(outcome.code == 74, "\(outcome.code) \(outcome.errors)")
    #expect(outcome.errors.contains("report.html"), "\(outcome.errors)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: run + "/report.html")) == before)
  }

  @Test func aFolderThatCannotBeMadeIsNamed() throws {
    var words = training
    words[words.firstIndex(of: run) ?? 0] = model + "/run"
    let outcome = try Apus.run(words)
    #expect(outcome.code == 74, "\(outcome.errors)")
    #expect(outcome.errors.contains(model + "/run"), "\(outcome.errors)")
  }

  @Test func aFolderThatNothingCanBeMadeInIsNoMissingInput() throws {
    var words = training
    words[words.firstIndex(of: run) ?? 0] = "/proc/apus/run"
    let outcome = try Apus.run(words)
    #expect(outcome.code == 74, "\(outcome.errors)")
    #expect(outcome.errors.contains("/proc/apus"), "\(outcome.errors)")
  }

  @Test func numbersThatAreNoneEndTheTraining() throws {
    // Two layers of such weights are past the largest number at the second step.
    try #"""
    {"name": "deep", "input": [2], "layers": [
      {"layer": "Dense", "units": 8}, {"layer": "Dense", "units": 3}]}
    """#.write(toFile: model, atomically: true, encoding: .utf8)
    var words = training + ["--optimizer", "sgd", "--learning-rate", "1e38"]
    words[(words.firstIndex(of: "--epochs") ?? 0) + 1] = "4"
    let outcome = try Apus.run(words + ["--quiet", "--json"])
    #expect(outcome.code == 76, "\(outcome.code) \(outcome.errors)")
    #expect(outcome.output.contains(#""outcome": "stopped""#), "\(outcome.output)")
    #expect(try Apus.run(words).errors.contains("try a smaller --learning-rate"))
  }

  @Test func withoutADeviceThePackageIsNamed() throws {
    #expect(try Apus.run(training + ["--quiet"]).code == 0)
    let device = ["--device", "opencl"]
    for words in [
      training.dropLast(2) + device, ["evaluate", "--checkpoint", run] + device,
      ["predict", "--checkpoint", run, scratch.path + "/points.csv"] + device,
    ] {
      let outcome = try Apus.run(
        Array(words), environment: ["OCL_ICD_VENDORS": "/nonexistent"])
      #expect(outcome.code == 69, "\(words): \(outcome.errors)")
      #expect(outcome.errors.contains("apt-get install"), "\(outcome.errors)")
      #expect(outcome.output.isEmpty)
    }
  }

  @Test(arguments: [
    (["evaluate", "--checkpoint", "nowhere"], 66, "nowhere"),
    (["evaluate", "--checkpoint", "empty"], 66, "no checkpoint in empty"),
    (["evaluate", "--checkpoint", "damaged.safetensors"], 65, "damaged.safetensors"),
    (["evaluate", "--checkpoint", "run", "--data", "nowhere.csv"], 66, "nowhere.csv"),
    (["evaluate", "--checkpoint", "run", "--data", "others.csv"], 65, "does not know"),
    (["evaluate", "--checkpoint", "run", "--device", "opencl:99"], 69, "opencl:99"),
    (["predict", "--checkpoint", "nowhere", "points.csv"], 66, "nowhere"),
    (["predict", "--checkpoint", "run", "nowhere.csv"], 66, "nowhere.csv"),
    (["predict", "--checkpoint", "run", "model.json"], 65, "line 1"),
    (["predict", "--checkpoint", "run", "points.csv", "--length", "3"], 2, "--length"),
    (["report", "nowhere"], 66, "nowhere"), (["report", "empty"], 66, "run.json"),
  ])
  func whatIsMissingOrDamagedIsNamed(_ words: [String], _ code: Int32, _ help: String) throws {
    #expect(try Apus.run(training + ["--quiet"]).code == 0)
    let files = FileManager.default
    try files.createDirectory(
      atPath: scratch.path + "/empty", withIntermediateDirectories: true)
    try "x,y,class\n1,2,0\n3,4,7\n".write(
      toFile: scratch.path + "/others.csv", atomically: true, encoding: .utf8)
    var bytes = try Data(contentsOf: URL(fileURLWithPath: run + "/checkpoints/best.safetensors"))
    // The first number behind the header: a weight.
    bytes[8 + Int(bytes[0]) + Int(bytes[1]) << 8] ^= 1
    try bytes.write(to: URL(fileURLWithPath: scratch.path + "/damaged.safetensors"))
    let outcome = try Apus.run(words, folder: scratch.path)
    #expect(outcome.code == code, "\(words): \(outcome.errors)")
    #expect(outcome.errors.hasPrefix("apus \(words[0]): "), "\(outcome.errors)")
    #expect(outcome.errors.contains(help), "\(outcome.errors)")
    #expect(outcome.output.isEmpty)
  }
}
