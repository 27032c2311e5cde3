import Formats
import Testing

@Suite struct SummaryTests {
  /// Parameters as Keras counts them, and those trained.
  static let totals: [(model: String, parameters: Int, trainable: Int)] = [
    ("mlp", 669_706, 669_706), ("lenet", 61_706, 61_706),
    ("vgg16", 138_357_544, 138_357_544), ("vgg16-bn", 138_374_440, 138_365_992),
    ("resnet50", 25_636_712, 25_583_592), ("densenet121", 8_062_504, 7_978_856),
    ("mobilenet", 4_253_864, 4_231_976),
  ]

  @Test(arguments: totals) func lastLineHasTheTotals(
    _ expected: (model: String, parameters: Int, trainable: Int)
  ) throws {
    let outcome = try Apus.run(["summary", "--model", expected.model, "--json"])
    #expect(outcome.code == 0, "\(outcome.errors)")
    let lines = try outcome.lines()
    let last = try #require(lines.last)
    #expect(last["model"]?.string == expected.model)
    #expect(last["parameters"]?.integer == expected.parameters)
    #expect(last["trainable"]?.integer == expected.trainable)
    #expect(last["non_trainable"]?.integer == expected.parameters - expected.trainable)
    let rows = lines.dropLast()
    #expect(rows.reduce(0) { $0 + ($1["parameters"]?.integer ?? 0) } == expected.parameters)
    let known = Set(["path", "layer", "output", "parameters", "trainable", "multiplications"])
    #expect(rows.allSatisfy { known.isSubset(of: $0.keys) })
    let products = rows.reduce(0) { $0 + ($1["multiplications"]?.integer ?? 0) }
    #expect(last["multiplications"]?.integer == products)
  }

  @Test func withoutTopTheFeaturesRemain() throws {
    let outcome = try Apus.run(["summary", "--model=vgg16", "--no-top", "--json"])
    let lines = try outcome.lines()
    let last = try #require(lines.last)
    #expect(last["parameters"]?.integer == 14_714_688)
    #expect(last["input"]?.integers == [224, 224, 3])
  }

  @Test func inputIsWhatItIsToldToBe() throws {
    let outcome = try Apus.run([
      "summary", "--model", "resnet50", "--no-top", "--input", "64x32x3", "--json",
    ])
    let lines = try outcome.lines()
    let last = try #require(lines.last)
    #expect(last["input"]?.integers == [64, 32, 3])
    #expect(last["parameters"]?.integer == 23_587_712)
  }

  @Test(arguments: ["resnet20", "unet", "autoencoder", "charlstm", "lenet"])
  func textEndsWithTheTotals(_ model: String) throws {
    let outcome = try Apus.run(["summary", "--model", model])
    #expect(outcome.code == 0, "\(outcome.errors)")
    let tail = outcome.output.split(separator: "\n").suffix(2).joined(separator: "\n")
    #expect(tail.contains("\(model) for ["), "\(tail)")
    #expect(tail.contains("parameters"), "\(tail)")
    #expect(tail.contains("multiplications"), "\(tail)")
  }

  @Test func anInputThatDoesNotFitIsAnErrorThatNamesTheLayer() throws {
    let outcome = try Apus.run(["summary", "--model", "lenet", "--input", "4x4x1"])
    #expect(outcome.code == 2)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.hasPrefix("apus summary: 2: conv2D"), "\(outcome.errors)")
  }

  @Test(arguments: ["224x", "0x4x4", "a", "-3x4", "1x1x1x1x1x1x1x1"])
  func rejectsWhatIsNoShape(_ shape: String) throws {
    let outcome = try Apus.run(["summary", "--model", "lenet", "--input=\(shape)"])
    #expect(outcome.code == 2)
    #expect(outcome.errors.contains("--input"), "\(outcome.errors)")
  }
}
