import Formats
import Foundation
import Geometry
import Tensors
import TestSupport
import Testing
import Training

/// A run folder with so many epochs of made-up numbers.
private final class MadeRun {
  private let folder: ScratchFolder
  var path: String { folder.path }

  init(epochs: Int, name: String = "a <model> & \"more\"") throws {
    folder = try ScratchFolder()
    let run: JSON = .object([
      "version": .integer(1), "outcome": .string("finished"), "seed": .string("17"),
      "device": .string("cpu"), "epochs": .integer(epochs),
      "model": .object(["name": .string("Sequential"), "parameters": .integer(61_706)]),
      "class_names": .array((0..<10).map { .string("class \($0)") }),
      "notes": .object(["name": .string(name), "data": .string("made")]),
      "warnings": .array([.string("units are dead")]),
    ])
    try write(run.description, "run.json")
    try write((1...epochs).map(line).joined(separator: "\n") + "\n", "metrics.jsonl")
  }

  func write(_ text: String, _ file: String) throws {
    try folder.file(file, text)
  }

  private func line(_ epoch: Int) -> String {
    let loss = 1 / Double(epoch)
    let matrix = (0..<10).map { row in
      JSON.array((0..<10).map { .integer($0 == row ? 90 : ($0 + row) % 3) })
    }
    let paths = (0..<12).map { "layers.\($0).kernel" }
    let histogram: JSON = .object([
      "low": .number(-1), "high": .number(1), "counts": .array((0..<32).map { .integer($0 * 100) }),
    ])
    let line: JSON = .object([
      "kind": .string("epoch"), "epoch": .integer(epoch), "step": .integer(epoch * 100),
      "values": .object([
        "loss": .number(loss), "val_loss": .number(loss + 0.1), "accuracy": .number(1 - loss / 2),
        "val_accuracy": .number(0.9 - loss / 2), "learning_rate": .number(0.1 * loss),
      ]),
      "seconds": .number(3), "samples_per_second": .number(20_000), "waiting": .number(0.1),
      "memory": .object(["in_use": .integer(1 << 20), "peak": .integer(3 << 20)]),
      "gradient_norms": .object(
        Dictionary(uniqueKeysWithValues: paths.map { ($0, .number(loss)) })),
      "weights": .object(Dictionary(uniqueKeysWithValues: paths.map { ($0, histogram) })),
      "confusion": .object(["phase": .string("validation"), "matrix": .array(matrix)]),
    ])
    return line.description
  }

  func page() throws -> String {
    try String(contentsOfFile: try writeReport(of: path), encoding: .utf8)
  }
}

/// The first tag that does not close what is open; nil if all are well.
private func firstWrongTag(_ text: String) -> String? {
  var open: [Substring] = []
  for match in text.matches(of: /<(\/?)([A-Za-z0-9]+)((?:[^<>"]|"[^"<]*")*?)(\/?)>/) {
    let (_, closes, name, _, isEmpty) = match.output
    if !closes.isEmpty {
      guard open.popLast() == name else { return "</\(name)> at \(open)" }
    } else if isEmpty.isEmpty {
      open.append(name)
    }
  }
  return open.last.map { "<\($0)> stays open" }
}

@Suite struct ReportTests {
  @Test func aPageOfAHundredEpochsIsSmallWellFormedAndNeedsNothing() throws {
    let page = try MadeRun(epochs: 100).page()
    #expect(page.utf8.count < 2_000_000, "\(page.utf8.count) bytes")
    let body = page.replacing("<!DOCTYPE html>", with: "")
    #expect(firstWrongTag(body) == nil)
    // Every < and & in the text is one of markup.
    #expect(body.firstMatch(of: /&(?!amp;|lt;|gt;|quot;)/) == nil)
    #expect(!page.contains("http"))
    #expect(!page.contains("<script"))
    #expect(!page.contains("@import"))
    #expect(page.firstMatch(of: /(?:src|href)="(?!data:)/) == nil)
    for part in [
      "prefers-color-scheme:dark", "width=device-width", "Configuration", "Confusion matrix",
      "Gradient norms", "Weights over time", "Learning rate", "Memory", "units are dead",
      "a &lt;model&gt; &amp; &quot;more&quot;", "precision", "<td>17</td>",
    ] {
      #expect(page.contains(part), "\(part)")
    }
  }

  @Test func aRunOfOneEpochAndOneOfNoneHavePagesToo() throws {
    let one = try MadeRun(epochs: 1).page()
    #expect(one.contains("too little to tell"))
    let none = try MadeRun(epochs: 1)
    try none.write("", "metrics.jsonl")
    let page = try none.page()
    #expect(page.contains("No epoch has ended"))
    #expect(firstWrongTag(page.replacing("<!DOCTYPE html>", with: "")) == nil)
  }

  @Test func aLineThatWasCutOffIsLeftOutAndADamagedOneIsAnError() throws {
    let run = try MadeRun(epochs: 3)
    let lines = try String(contentsOfFile: run.path + "/metrics.jsonl", encoding: .utf8)
    try run.write(String(lines.dropLast(40)), "metrics.jsonl")
    #expect(try run.page().contains("in epoch 2"))
    #expect(try !run.page().contains("in epoch 3"))
    try run.write("{\"kind\": \n" + lines, "metrics.jsonl")
    let error = #expect(throws: TensorError.self) { try run.page() }
    #expect(error?.kind == .corruptFile)
    #expect(error?.detail.contains("line 1") == true)
  }

  @Test func aFolderWithoutARunIsMissingInput() throws {
    let error = #expect(throws: TensorError.self) { try writeReport(of: "/nowhere") }
    #expect(error?.kind == .io)
    #expect(error?.code == ENOENT)
  }
}

@Suite struct PlotTests {
  @Test func plotsAreWellFormedAndStandAlone() throws {
    let images = try Tensor([Float](repeating: 0.5, count: 4 * 8 * 8), shape: [4, 8, 8, 1])
    let plots = [
      Plot.lines(
        [Series("a & b", [1, .nan, 3]), Series("c", [2, 1, .infinity])], title: "<Loss>", best: 2),
      Plot.lines([Series("one", [5])], title: "one point"),
      Plot.lines([Series("rate", [1e-4, 1e-2, 1])], title: "log", isLogarithmic: true),
      Plot.lines([], title: "nothing"),
      Plot.histogram([1, 2, 2, 3, .nan], title: "values"), Plot.histogram([], title: "none"),
      Plot.confusion([[5, 1], [0, 7]], classNames: ["no", "yes"]), Plot.confusion([]),
      Plot.bars([("matmul", 3, "3 ms"), ("relu", 0, "0 ms")], title: "time"),
      try Plot.images(images, captions: ["<one>"], title: "images", columns: 2),
    ]
    for plot in plots {
      #expect(plot.svg.hasPrefix("<svg xmlns="))
      #expect(firstWrongTag(plot.svg) == nil, "\(plot.svg.prefix(200))")
      #expect(!plot.svg.contains("NaN") && !plot.svg.contains("nan\"") && !plot.svg.contains("inf"))
    }
  }

  @Test func whatIsNoImageIsRefused() throws {
    let rows = try Tensor.zeros([4, 8])
    #expect(throws: TensorError.self) { try Plot.images(rows, title: "rows") }
  }
}
