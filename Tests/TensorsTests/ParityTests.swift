import Catalogue
import Geometry
import Tensors
import TestSupport
import Testing

/// Every operation of the catalogue on every device against plain loops over doubles, and its
/// gradients against those in float64.
@Suite struct ParityTests {
  @Test(arguments: Catalogue.chosen, TestDevice.allCases)
  func valuesAgreeWithTheReference(_ operation: OperationRecord, _ device: TestDevice) throws {
    let outcome = try Outcome.of(operation, on: device)
    #expect(outcome.sampleCount > 0)
    expectNone(outcome.values.failures)
  }

  @Test(arguments: Catalogue.chosen, TestDevice.allCases)
  func gradientsAgreeWithThoseInFloat64(_ operation: OperationRecord, _ device: TestDevice) throws {
    expectNone(try Outcome.of(operation, on: device).gradients.failures)
  }

  @Test(arguments: Catalogue.chosen, TestDevice.allCases)
  func resultsAreNeitherEmptyNorInvalid(_ operation: OperationRecord, _ device: TestDevice) throws {
    expectNone(try Outcome.of(operation, on: device).mistrusted)
  }

  /// Operations whose devices run one text, of which no step depends on how work is divided.
  static let exact = Catalogue.chosen.filter {
    ["Elementwise", "Activation", "Comparison", "Movement", "Assembly", "Creation", "Random"]
      .contains($0.family)
  }

  @Test(.enabled(if: TestDevice.allCases.count > 1), arguments: exact)
  func devicesAgreeToTheLastBit(_ operation: OperationRecord) throws {
    let here = try Outcome.of(operation, on: .cpu).evaluations
    let there = try Outcome.of(operation, on: .opencl).evaluations
    var failures: [String] = []
    for (index, found) in there.sorted(by: { $0.key < $1.key }) {
      // Functions of float64 are each platform's own.
      let isWide = operation.samples[index].inputs.contains { $0.type == .float64 }
      guard !isWide, let expected = here[index] else { continue }
      for (left, right) in zip(expected.values, found.values) {
        for (number, pair) in zip(left.array.values, right.array.values).enumerated()
        where pair.0 != pair.1 && !(pair.0.isNaN && pair.1.isNaN) {
          failures.append(
            "\(operation.samples[index]): element \(number) is \(pair.0) and \(pair.1)")
          break
        }
      }
    }
    expectNone(failures)
  }

  @Test(arguments: Catalogue.chosen)
  func everyOperationIsTriedAtTwentyShapesOrMore(_ operation: OperationRecord) {
    let kinds = Set(operation.samples.map { "\($0.inputs.map(\.shape)) \($0.attributes)" })
    #expect(kinds.count >= 20)
  }

  @Test func aWrongResultIsFound() throws {
    let sample = try #require(
      Catalogue.operations.first { $0.name == "exp" }?.samples.first { $0.elements == 64 })
    var found = try sample.evaluated(on: .cpu)
    #expect(sample.agreement(of: found).failures.isEmpty)
    var numbers = found.values[0].array
    numbers.values[63] *= 1 + 4 * 0x1p-23
    found.values[0] = Evaluation.Result(type: .float32, array: numbers)
    #expect(!sample.agreement(of: found).failures.isEmpty)
  }
}

/// Fails with the first of `failures` if there are any.
func expectNone(
  _ failures: [String], sourceLocation: SourceLocation = #_sourceLocation
) {
  guard !failures.isEmpty else { return }
  let text = failures.prefix(8).joined(separator: "\n")
  Issue.record("\(failures.count) failures\n\(text)", sourceLocation: sourceLocation)
}
