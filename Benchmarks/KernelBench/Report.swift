internal import Foundation
internal import Geometry

/// What a run measured.
struct Report: Codable {
  /// One case.
  struct Line: Codable {
    let title: String
    let milliseconds: Double
    let spread: Double
    /// GFLOP/s and GB/s.
    let arithmetic: Double, bandwidth: Double
    /// Of the device's peak, whichever it comes nearer to.
    let share: Double

    static let header =
      "      ms  spread   GFLOP/s      GB/s  of peak  case"

    var text: String {
      padded(milliseconds.fixed(4), 8) + padded((spread * 100).fixed(0) + " %", 8)
        + padded(arithmetic.fixed(1), 10) + padded(bandwidth.fixed(1), 10)
        + padded((share * 100).fixed(0) + " %", 9) + "  " + title
    }
  }

  let device: String
  let name: String
  let driver: String
  let bandwidth: Double, arithmetic: Double
  var lines: [Line] = []

  init(device: String, name: String, driver: String, bandwidth: Double, arithmetic: Double) {
    self.device = device
    self.name = name
    self.driver = driver
    self.bandwidth = bandwidth
    self.arithmetic = arithmetic
  }

  init(reading file: String) throws {
    self = try JSONDecoder().decode(Report.self, from: Data(contentsOf: URL(fileURLWithPath: file)))
  }

  func write(to file: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try encoder.encode(self).write(to: URL(fileURLWithPath: file), options: .atomic)
  }
}

/// Two runs beside each other.
struct Comparison {
  private let before: Report, after: Report

  init(_ before: Report, _ after: Report) {
    self.before = before
    self.after = after
  }

  func print() {
    Swift.print("before: \(before.name), \(before.driver)")
    Swift.print("after:  \(after.name), \(after.driver)")
    Swift.print("  before     after   times  case")
    let names = after.lines.reduce(into: [:]) { $0[key($1)] = $1 }
    for line in before.lines {
      guard let other = names[key(line)] else {
        Swift.print(
          padded(line.milliseconds.fixed(4), 8) + padded("-", 10) + "          " + line.title)
        continue
      }
      // Less than the rounds of either differ among themselves is no difference.
      let ratio = line.milliseconds / other.milliseconds
      let isClear = abs(ratio - 1) > max(line.spread, other.spread)
      Swift.print(
        padded(line.milliseconds.fixed(4), 8) + padded(other.milliseconds.fixed(4), 10)
          + padded(ratio.fixed(2), 8) + (isClear ? "  " : " ~") + line.title)
    }
  }

  /// The case without the device, so that two devices can be compared.
  private func key(_ line: Report.Line) -> String {
    line.title.split(separator: ", ").dropLast().joined(separator: ", ")
  }
}

/// `text` moved to the right of a column of that width.
func padded(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.count)) + text
}
