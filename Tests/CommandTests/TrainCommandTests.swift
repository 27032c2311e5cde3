import Formats
import Foundation
import Geometry
import TestSupport
import Testing

/// A model described in a file, small enough to train in a moment.
private let described = """
  {"name": "small", "input": [2], "layers": [
    {"layer": "Dense", "name": "first", "units": 16, "activation": "tanh"},
    {"layer": "Residual", "name": "middle", "layers": [{"layer": "Dense", "units": 16}]},
    {"layer": "Dense", "name": "last", "units": 3}
  ]}
  """

@Suite struct TrainCommandTests {
  private let scratch: ScratchFolder
  private let model: String
  private var run: String { scratch.path + "/run" }

  init() throws {
    scratch = try ScratchFolder()
    model = try scratch.file("small.json", described)
  }

  private func train(_ more: [String]) throws -> Apus.Outcome {
    try Apus.run(["train", "--model", model, "--data", "blobs", "--out", run, "--quiet"] + more)
  }

  @Test func leavesARunThatCanBeReportedEvaluatedAndAsked() throws {
    let outcome = try train(["--epochs", "3", "--json"])
    #expect(outcome.code == 0, "\(outcome.errors)")
    let lines = try outcome.lines()
    #expect(lines.compactMap { $0["epoch"]?.integer } == [1, 2, 3])
    let end = try #require(lines.last)
    #expect(end["outcome"]?.string == "finished")
    let accuracy = try #require(end["val_accuracy"]?.double)
    #expect(accuracy > 0.9)
    let report = try scratch.text("run/report.html")
    #expect(report.contains("<h1>small</h1>"))
    // What the run was told and what the trainer knows is said once.
    for title in ["optimizer", "input", "loss", "seed"] {
      #expect(report.split(separator: "<th scope=\"row\">\(title)</th>").count == 2, "\(title)")
    }

    let evaluated = try Apus.run(["evaluate", "--checkpoint", run, "--json", "--quiet"])
    #expect(evaluated.code == 0, "\(evaluated.errors)")
    let measured = try #require(try evaluated.lines().first)
    #expect(measured["model"]?.string == "small")
    #expect(measured["samples"]?.integer == 500)
    #expect(try #require(measured["accuracy"]?.double) > 0.9)

    let table = try scratch.file("points.csv", "x,y\n1.5,0.2\n-0.4,0.9\n")
    let asked = try Apus.run(["predict", "--checkpoint", run, table, "--json"])
    #expect(asked.code == 0, "\(asked.errors)")
    let rows = try asked.lines()
    #expect(rows.compactMap { $0["row"]?.integer } == [1, 2])
    #expect(rows.allSatisfy { (0.33...1).contains($0["probability"]?.double ?? 0) })

    let anew = try Apus.run(["report", run])
    #expect(anew.code == 0)
    #expect(anew.output == run + "/report.html\n")
    let inspected = try Apus.run(["inspect", run + "/checkpoints/best.safetensors", "--json"])
    #expect(try inspected.lines().contains { $0["tensor"]?.string == "first.kernel" })
  }

  @Test(arguments: [
    (#"{"layers": [{"layer": "Dense", "unit": 3}]}"#, 65, "layers.0 (Dense)"),
    (#"{"layers": [{"layer": "Dense", "units": 3, "bais": true}]}"#, 65, "did you mean bias?"),
    (#"{"layers": [{"layer": "Desne", "units": 3}]}"#, 65, "did you mean Dense?"),
    (#"{"layers": [{"layer": "Dense", "name": "a", "units": "x"}]}"#, 65, "(a, Dense): units"),
    (#"{"layers": [{"layer": "Dense", "units": 4}]}"#, 65, "3 classes"),
    (#"{"layers": [{"layer": "Conv2D", "filters": 3, "kernel": 3}]}"#, 65, "do not fit"),
    (#"{"layers": ["#, 65, "byte "), (#"[]"#, 65, "not an object"),
    (#"{"input": [0], "layers": []}"#, 65, "input: [0]"),
    (#"{"input": [4611686018427387904], "layers": []}"#, 65, "is not the shape"),
    (#"{"input": [3], "layers": [{"layer": "Dense", "units": 3}]}"#, 2, "are [2], not [3]"),
    (#"{"name": "../x", "layers": []}"#, 65, "not the name of a folder"),
    (#"{"layers": [{"layer": "GaussianNoise", "deviation": -1}]}"#, 65, "(GaussianNoise): dev"),
  ])
  func aMistakeInADescriptionIsNamed(_ text: String, _ code: Int32, _ help: String) throws {
    try scratch.file("small.json", text)
    let outcome = try train([])
    #expect(outcome.code == code, "\(outcome.errors)")
    #expect(outcome.errors.hasPrefix("apus train: "), "\(outcome.errors)")
    #expect(outcome.errors.contains(help), "\(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: run))
  }

  @Test(arguments: [
    (["--epochs", "0"], 2, "--epochs"), (["--batch", "many"], 2, "--batch"),
    (["--optimizer", "adm"], 2, "did you mean adam?"),
    (["--schedule", "cosin"], 2, "did you mean cosine?"),
    (["--learning-rate", "-1"], 2, "--learning-rate"),
    (["--data", "blob"], 2, "did you mean blobs?"), (["--data", "./nowhere"], 66, "./nowhere"),
    (["--device", "opencl:99"], 69, "opencl:99"), (["--device", "gpu"], 2, "gpu"),
    (["--resume"], 66, "no checkpoint"),
  ])
  func aWrongArgumentHelps(_ arguments: [String], _ code: Int32, _ help: String) throws {
    let data = arguments.contains("--data") ? [] : ["--data", "blobs"]
    let outcome = try Apus.run(["train", "--model", model, "--out", run] + data + arguments)
    #expect(outcome.code == code, "\(outcome.errors)")
    #expect(outcome.errors.contains(help), "\(outcome.errors)")
    #expect(outcome.output.isEmpty)
  }

  @Test(arguments: [
    (["train", "--model", "lent"], 2, "did you mean lenet?"),
    (["train", "--model", "nowhere.json"], 66, "nowhere.json"),
    (["evaluate"], 2, "--checkpoint PATH is missing"),
    (["evaluate", "--checkpoint", "nowhere"], 66, "nowhere"),
    (["predict", "--checkpoint", "x"], 2, "INPUT… is missing"),
    (["inspect", "nowhere.npy"], 66, "nowhere.npy"), (["report", "nowhere"], 66, "nowhere"),
  ])
  func whatIsMissingIsNamed(_ arguments: [String], _ code: Int32, _ help: String) throws {
    let outcome = try Apus.run(arguments, folder: scratch.path)
    #expect(outcome.code == code, "\(outcome.errors)")
    #expect(outcome.errors.contains(help), "\(outcome.errors)")
  }

  @Test func aRunGoesOnWithWhatItWasBegunWith() throws {
    #expect(try train(["--epochs", "1"]).code == 0)
    let before = try scratch.text("run/run.json")
    for (more, help) in [
      (["--optimizer", "sgd"], "optimizer adam, not sgd"), (["--seed", "2"], "seed 1, not 2"),
      (["--learning-rate", "0.1"], "learning rate 0.001, not 0.1"), (["--batch", "7"], "batch 64"),
    ] {
      let outcome = try train(["--epochs", "2", "--resume"] + more)
      #expect(outcome.code == 2 && outcome.errors.contains(help), "\(outcome.errors)")
    }
    #expect(try scratch.text("run/run.json") == before)
    #expect(try train(["--epochs", "2", "--resume"]).code == 0)
  }

  @Test func aModelWithoutANameGoesByItsFile() throws {
    try scratch.file("small.json", #"{"layers": [{"layer": "Dense", "units": 3}]}"#)
    #expect(try train(["--epochs", "1"]).code == 0)
    let outcome = try Apus.run(["evaluate", "--checkpoint", run, "--json", "--quiet"])
    #expect(try outcome.lines().first?["model"]?.string == "small")
  }

  @Test func theLearningRateOfAnEpochIsThatOfItsLastStep() throws {
    let outcome = try train(["--epochs", "1", "--batch", "5000", "--schedule", "step", "--json"])
    #expect(try outcome.lines().first?["learning_rate"]?.double == 1e-3)
  }

  @Test func aCheckpointOfSomethingElseSaysSo() throws {
    let path = scratch.path + "/other.safetensors"
    try writeSafetensors(
      [SafetensorsEntry(name: "a", scalarType: .float32, shape: [2])], to: path
    ) { _ in [UInt8](repeating: 0, count: 8) }
    let outcome = try Apus.run(["evaluate", "--checkpoint", path])
    #expect(outcome.code == 65)
    #expect(outcome.errors.contains("does not say which model"), "\(outcome.errors)")
  }
}
