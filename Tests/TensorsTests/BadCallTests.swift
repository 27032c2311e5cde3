import Backends
import Catalogue
import Geometry
import Tensors
import TestSupport
import Testing

/// Calls that must throw an error which names the operation and the shapes of its operands.
@Suite struct BadCallTests {
  @Test(arguments: Catalogue.chosen, TestDevice.allCases)
  func throwsAnErrorThatNamesItsOperands(_ operation: OperationRecord, _ device: TestDevice) throws
  {
    let shared = try device.device
    let abroad = try device.other.device
    // What a kernel finds wrong is told to whoever next waits for its device: not to other tests.
    let isTold = device == .opencl && operation.badCalls.contains { $0.kinds.contains(.index) }
    let own = isTold ? try Device.isolated(shared.name) : shared
    var failures: [String] = []
    for bad in operation.badCalls {
      let home = isTold && bad.kinds.contains(.index) ? own : shared
      if try !home.information.hasFloat64, bad.description.contains("float64") { continue }
      do {
        try withDevice(home) {
          let operands = try bad.inputs.enumerated().map { number, input in
            try input.tensor(on: number == bad.stranger ? abroad : home)
          }
          try bad.call(operands)
        }
        failures.append("\(bad): did not throw")
      } catch {
        failures += Self.faults(of: error, in: bad, operation.errorName)
      }
    }
    expectNone(failures)
  }

  @Test(arguments: Catalogue.chosen)
  func thereAreTenBadCallsOfEachOperation(_ operation: OperationRecord) {
    #expect(operation.badCalls.count >= 10 || operation.cannotFail != nil)
  }

  @Test(arguments: GradientCheckTests.differentiable)
  func gradientsRejectWeightsThatDoNotFit(_ operation: OperationRecord) throws {
    let sample = try #require(
      operation.samples.first { !$0.differentiable.isEmpty && $0.elements > 1 })
    let operands = try sample.inputs.map { try $0.tensor(on: .cpu) }
    let other = try TestDevice.opencl.device
    var failures: [String] = []
    func expectError(
      _ what: String, _ kinds: Set<TensorError.Kind>,
      _ weights: (Tensor) throws -> [Tensor]
    ) throws {
      try recorded {
        let result = try sample.call(operands)[0]
        do {
          _ = try gradients(
            of: [result], upstream: weights(result),
            for: sample.differentiable.map { operands[$0] })
          failures.append("\(sample), \(what): did not throw")
        } catch {
          let kind = (error as? TensorError)?.kind
          if !kinds.contains(where: { $0 == kind }) {
            failures.append("\(sample), \(what): \(error)")
          }
        }
      }
    }
    try expectError("longer", [.shape]) { result in
      [try Tensor.ones(Shape(Array(result.shape) + [2]), as: result.scalarType, on: .cpu)]
    }
    try expectError("empty", [.shape]) { _ in [try Tensor.ones([0], on: .cpu)] }
    try expectError("type", [.shape, .dtype]) { result in
      [try Tensor.ones(result.shape, as: .int32, on: .cpu)]
    }
    try expectError("device", [.device]) { result in
      [try Input(Array(result.shape), result.scalarType).tensor(on: other)]
    }
    try expectError("none", [.argument]) { _ in [] }
    try expectError("two", [.argument]) { [$0, $0] }
    expectNone(failures)
  }

  @Test func gradientsOutsideARecordingAreRefused() throws {
    let x = try Tensor([1, 2], shape: [2])
    let y = try exp(x)
    #expect(throws: TensorError.self) { try gradients(of: y, for: [x]) }
  }

  @Test func gradientsWithRespectToIntegersAreRefused() throws {
    let x = try Tensor([Int32(1), 2], shape: [2])
    #expect(throws: TensorError.self) {
      try recorded { try gradients(of: x.cast(to: .float32), for: [x]) }
    }
  }

  private static func faults(of error: any Error, in bad: BadCall, _ name: String) -> [String] {
    guard let error = error as? TensorError else { return ["\(bad): threw \(error)"] }
    let text = "\(error)"
    var faults: [String] = []
    if !bad.kinds.contains(error.kind) {
      faults.append("\(bad): kind \(error.kind.rawValue): \(text)")
    }
    if error.operation != name { faults.append("\(bad): not in the name of \(name): \(text)") }
    for input in bad.inputs where !text.contains("\(input.shape)") {
      faults.append("\(bad): does not say \(input.shape): \(text)")
      break
    }
    return faults
  }
}
