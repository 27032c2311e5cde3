import Catalogue
import Foundation
import TestSupport
import Testing

/// The largest error of each operation on each device, as committed: it may only become smaller.
///
/// `APUS_RECORD_ERRORS=1 swift test --filter ErrorRecordTests` writes the record anew.
@Suite struct ErrorRecordTests {
  /// Shares of what the tolerance allows.
  private struct Errors: Codable {
    let value: Double, gradient: Double
  }

  /// Of little consequence, and easily doubled by one element.
  private static let floor = 0.05

  private static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures/errors.json")

  @Test(arguments: TestDevice.allCases)
  func errorsStayBelowTwiceTheirRecord(_ device: TestDevice) throws {
    if ProcessInfo.processInfo.environment["APUS_RECORD_ERRORS"] == "1" {
      return try Self.write()
    }
    let record = try JSONDecoder().decode(
      [String: [String: Errors]].self, from: Data(contentsOf: Self.file))
    let name = try device.recordName
    // Other devices than those that every run has are compared with the reference alone.
    guard TestDevice(rawValue: name) != nil || record[name] != nil else { return }
    var failures: [String] = []
    for operation in Catalogue.chosen {
      guard let before = record[name]?[operation.name] else {
        failures.append("\(operation.name) has no record on \(name)")
        continue
      }
      let now = try Self.errors(of: operation, on: device)
      if now.value > 2 * before.value + Self.floor {
        failures.append("\(operation.name): value error \(now.value), was \(before.value)")
      }
      if now.gradient > 2 * before.gradient + Self.floor {
        failures.append("\(operation.name): gradient error \(now.gradient), was \(before.gradient)")
      }
    }
    expectNone(failures)
  }

  private static func errors(of operation: OperationRecord, on device: TestDevice) throws -> Errors
  {
    let outcome = try Outcome.of(operation, on: device)
    func rounded(_ error: Double) -> Double { (min(error, 1e6) * 1e4).rounded(.up) / 1e4 }
    return Errors(value: rounded(outcome.values.worst), gradient: rounded(outcome.gradients.worst))
  }

  private static func write() throws {
    var record: [String: [String: Errors]] = [:]
    if let data = try? Data(contentsOf: file) {
      record = try JSONDecoder().decode([String: [String: Errors]].self, from: data)
    }
    for device in TestDevice.allCases {
      var errors: [String: Errors] = [:]
      for operation in Catalogue.chosen {
        errors[operation.name] = try Self.errors(of: operation, on: device)
      }
      record[try device.recordName] = errors
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try encoder.encode(record).write(to: file)
  }
}
