import Formats
import Foundation
import TestSupport
import Testing

/// Every sort of task is trained for a few steps, measured and asked, on both devices.
@Suite struct TaskTests {
  static let devices = ["cpu", "opencl"]
  private let scratch: ScratchFolder
  private var run: String { scratch.path + "/run" }

  init() throws { scratch = try ScratchFolder() }

  /// The losses of the epochs of a training.
  private func losses(
    _ model: String, _ data: [String], on device: String, epochs: Int = 4
  ) throws -> [Double] {
    let outcome = try Apus.run(
      [
        "train", "--model", model, "--out", run, "--epochs", "\(epochs)", "--device", device,
        "--json", "--quiet",
      ] + data, folder: scratch.path)
    #expect(outcome.code == 0, "\(outcome.errors)")
    return try outcome.lines().filter { $0["epoch"] != nil }.compactMap { $0["loss"]?.double }
  }

  private func measured(_ words: [String], on device: String) throws -> [String: JSON] {
    let outcome = try Apus.run(
      words + ["--checkpoint", run, "--device", device, "--json"], folder: scratch.path)
    #expect(outcome.code == 0, "\(outcome.errors)")
    return try #require(try outcome.lines().first)
  }

  private func describe(_ text: String) throws -> String {
    let path = scratch.path + "/model.json"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  /// A grey picture with a bright square, and which pixels are of the square.
  private func square(_ number: Int, size: Int) -> (pixels: [UInt8], mask: [UInt8]) {
    var (pixels, mask): ([UInt8], [UInt8]) = ([], [])
    for row in 0..<size {
      for column in 0..<size {
        let (y, x) = (row - number % 5, column - number / 5 % 5)
        let isInside = (2..<size / 2 + 2).contains(y) && (1..<size / 2).contains(x)
        pixels.append(isInside ? 220 : 30)
        mask.append(isInside ? 255 : 0)
      }
    }
    return (pixels, mask)
  }

  private func writePairs(_ count: Int, size: Int) throws -> String {
    let folder = scratch.path + "/cells"
    for place in ["images", "masks"] {
      try FileManager.default.createDirectory(
        atPath: "\(folder)/\(place)", withIntermediateDirectories: true)
    }
    for number in 0..<count {
      let (pixels, mask) = square(number, size: size)
      try Picture(pixels, width: size, height: size, channels: 1)
        .writePNG(to: "\(folder)/images/\(number).png")
      try Picture(mask, width: size, height: size, channels: 1)
        .writePNG(to: "\(folder)/masks/\(number).png")
    }
    return folder
  }

  @Test(arguments: devices) func anAutoencoderLearnsPictures(_ device: String) throws {
    // The IDX files of a small relative of MNIST.
    for (part, count) in [("train", 48), ("t10k", 8)] {
      var pictures: [UInt8] = [0, 0, 8, 3, 0, 0, 0, UInt8(count), 0, 0, 0, 28, 0, 0, 0, 28]
      for number in 0..<count { pictures += square(number, size: 28).pixels }
      let labels: [UInt8] =
        [0, 0, 8, 1, 0, 0, 0, UInt8(count)] + [UInt8](repeating: 1, count: count)
      for (kind, bytes) in [("images-idx3", pictures), ("labels-idx1", labels)] {
        let path = "\(scratch.path)/\(part)-\(kind)-ubyte"
        #expect(FileManager.default.createFile(atPath: path, contents: Data(bytes)))
      }
    }
    let found = try losses(
      "autoencoder", ["--data", ".", "--batch", "8", "--learning-rate", "0.01"], on: device)
    #expect(found.count == 4)
    #expect(try #require(found.last) < 0.95 * found[0], "\(found)")
    let values = try measured(["evaluate"], on: device)
    #expect(values["samples"]?.integer == 8)
    #expect(try #require(values["pixel error"]?.double) < 0.2)

    let picture = scratch.path + "/new.png"
    try Picture(square(7, size: 28).pixels, width: 28, height: 28, channels: 1)
      .writePNG(to: picture)
    let shown = try measured(["predict", picture], on: device)
    #expect(shown["output"]?.string == scratch.path + "/new-autoencoder.png")
    let made = try Picture(path: scratch.path + "/new-autoencoder.png")
    #expect((made.width, made.height, made.channels) == (28, 28, 1))
    let error = zip(made.bytes, square(7, size: 28).pixels).reduce(0.0) {
      $0 + pow((Double($1.0) - Double($1.1)) / 255, 2)
    }
    #expect(abs(error / 784 - (shown["pixel_error"]?.double ?? .nan)) < 2e-3)
  }

  @Test(arguments: devices) func aUNetLearnsMasks(_ device: String) throws {
    let folder = try writePairs(10, size: 20)
    let model = try describe(
      #"""
      {"name": "small", "task": "segmentation", "input": [16, 16, 1], "layers": [
        {"layer": "UNet", "classes": 2, "filters": [4, 8]}]}
      """#)
    let found = try losses(
      model, ["--data", folder, "--batch", "2", "--learning-rate", "0.02"], on: device, epochs: 12)
    #expect(try #require(found.last) < 0.7 * found[0], "\(found)")
    let values = try measured(["evaluate"], on: device)
    #expect(values["samples"]?.integer == 2)
    #expect(try #require(values["accuracy"]?.double) > 0.8)

    let shown = try measured(
      ["predict", folder + "/images/3.png", "--out", scratch.path + "/3.png"], on: device)
    let mask = try Picture(path: scratch.path + "/3.png")
    // In the size of the picture and with the grey values of the masks.
    #expect((mask.width, mask.height) == (20, 20))
    #expect(Set(mask.bytes).isSubset(of: [0, 255]))
    let wrong = zip(mask.bytes, square(3, size: 20).mask).count { $0 != $1 }
    #expect(wrong < 80, "\(wrong) of 400 pixels")
    let shares = (shown["labels"]?.array ?? []).compactMap { $0.object?["share"]?.double }
    #expect(abs(shares.reduce(0, +) - 1) < 1e-9)
  }

  @Test func theUNetOfThePaperTrains() throws {
    let folder = try writePairs(3, size: 16)
    let found = try losses(
      "unet",
      ["--data", folder, "--input", "16x16x1", "--optimizer", "sgd", "--learning-rate", "0.1"],
      on: "cpu", epochs: 2)
    #expect(found.count == 2 && found[1] < found[0], "\(found)")
  }

  @Test func shapesAreMadeForSegmentation() throws {
    let model = try describe(
      #"""
      {"name": "small", "task": "segmentation", "input": [16, 16, 1], "layers": [
        {"layer": "Conv2D", "filters": 8, "kernel": 5, "padding": "same", "activation": "relu"},
        {"layer": "Conv2D", "filters": 4, "kernel": 5, "padding": "same"}]}
      """#)
    let found = try losses(model, ["--learning-rate", "0.01"], on: "cpu", epochs: 2)
    #expect(found.count == 2 && found[1] < 0.9 * found[0], "\(found)")
    #expect(try measured(["evaluate"], on: "cpu")["data"]?.string == "drawn-shapes")
  }

  @Test(arguments: devices) func aModelOfCharactersLearnsText(_ device: String) throws {
    let text = String(repeating: "abcdefgh. ", count: 60)
    try text.write(toFile: scratch.path + "/text.txt", atomically: true, encoding: .utf8)
    let found = try losses(
      "charlstm",
      ["--data", "text.txt", "--batch", "4", "--learning-rate", "0.01", "--input", "16"],
      on: device)
    #expect(try #require(found.last) < 0.3 * found[0], "\(found)")
    let values = try measured(["evaluate"], on: device)
    #expect(try #require(values["perplexity"]?.double) < 2)

    try "xyz abcd".write(toFile: scratch.path + "/prompt", atomically: true, encoding: .utf8)
    let words = ["predict", "prompt", "--length", "12", "--temperature", "0"]
    let shown = try measured(words, on: device)
    #expect(shown["text"]?.string == "xyz abcd")
    #expect(shown["continuation"]?.string == "efgh. abcdef")
  }

  @Test func withoutATextOneIsMadeAndSaid() throws {
    let model = try describe(
      #"""
      {"name": "small", "task": "text", "input": [32], "input_type": "int32", "layers": [
        {"layer": "Embedding", "count": 64, "features": 8}, {"layer": "Dense", "units": 64}]}
      """#)
    let outcome = try Apus.run(
      ["train", "--model", model, "--out", run, "--device", "cpu"], folder: scratch.path)
    // The number of characters is that of the text, which a description has to know.
    #expect(outcome.code == 65)
    #expect(outcome.errors.contains("its last layer should give"), "\(outcome.errors)")
    let trained = try Apus.run(
      [
        "train", "--model", "charlstm", "--out", run, "--device", "cpu", "--samples", "8",
        "--epochs", "1",
      ], folder: scratch.path)
    #expect(trained.code == 0, "\(trained.errors)")
    #expect(trained.errors.contains("made-text is made"), "\(trained.errors)")
  }

  @Test(arguments: [
    (["--model", "unet", "--data", "fashion-mnist"], 2, "for classification"),
    (["--model", "lenet", "--data", "drawn-shapes"], 2, "for segmentation"),
    (["--model", "unet", "--data", "drawn-shape"], 2, "did you mean drawn-shapes?"),
    (["--model", "charlstm", "--data", "."], 65, "folder"),
    (["--model", "charlstm", "--data", "nowhere.txt"], 66, "nowhere.txt"),
    (["--model", "charlstm", "--data", "short.txt"], 2, "at least 325"),
    (["--model", "charlstm", "--data", "bytes.txt"], 65, "UTF-8"),
    (["--model", "unet", "--data", "."], 66, "images"),
    (["--model", "lenet", "--data", "drawn-digits", "--input", "8x8x1"], 2, "--input"),
  ])
  func dataThatAreOfAnotherTaskAreNamed(_ words: [String], _ code: Int32, _ help: String) throws {
    try "short".write(toFile: scratch.path + "/short.txt", atomically: true, encoding: .utf8)
    #expect(
      FileManager.default.createFile(
        atPath: scratch.path + "/bytes.txt", contents: Data([0xFF, 0xFE, 0])))
    try FileManager.default.createDirectory(
      atPath: scratch.path + "/others", withIntermediateDirectories: true)
    try Picture([0], width: 1, height: 1, channels: 1).writePNG(to: scratch.path + "/others/a.png")
    let outcome = try Apus.run(["train", "--out", run] + words, folder: scratch.path)
    #expect(outcome.code == code, "\(outcome.errors)")
    #expect(outcome.errors.contains(help), "\(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: run))
  }
}
