import Backends
import CPUBackend
import Catalogue
import Geometry
import OpenCLBackend
import Tensors
import TestSupport
import Testing

/// Every kernel the catalogue runs, between guard bands and in memory full of NaN.
@Suite struct GuardTests {
  private static func device(
    _ device: TestDevice, fault: GuardedBackend.Fault = .none
  ) throws -> Device {
    let base: any Backend =
      device == .cpu ? try CPUBackend.make() : try OpenCLBackend(index: 0)
    return Device(GuardedBackend(base, fault: fault))
  }

  private static let guarded: [TestDevice: Result<Device, any Error>] = Dictionary(
    uniqueKeysWithValues: TestDevice.allCases.map { device in
      (device, Result { try GuardTests.device(device) })
    })

  /// Some samples of each kind, the odd sizes among them.
  private static func chosen(_ operation: OperationRecord) -> [Sample] {
    let samples = operation.samples.filter { $0.runsEverywhere && $0.elements <= 2000 }
    let stride = max(1, samples.count / 8)
    return samples.enumerated().filter { $0.offset % stride == stride - 1 }.map(\.element)
  }

  @Test(arguments: Catalogue.chosen, TestDevice.allCases)
  func kernelsWriteTheirResultsAndNothingElse(
    _ operation: OperationRecord, _ device: TestDevice
  ) throws {
    let home = try #require(Self.guarded[device]).get()
    for sample in Self.chosen(operation) {
      if try !home.information.hasFloat64, sample.description.contains("float64") { continue }
      do {
        let found = try sample.evaluated(on: home)
        expectNone(sample.agreement(of: found).failures.map { "\(sample): \($0)" })
      } catch {
        Issue.record("\(sample): \(error)")
      }
    }
  }

  @Test(arguments: GuardedBackend.Fault.allCases, TestDevice.allCases)
  func aBrokenKernelIsFound(_ fault: GuardedBackend.Fault, _ device: TestDevice) throws {
    let home = try Self.device(device, fault: fault)
    let sample = try #require(
      Catalogue.operations.first { $0.name == "exp" }?.samples
        .first { $0.inputs[0].shape == [257] && $0.inputs[0].type == .float32 })
    var isFound = false
    do {
      let found = try sample.with { $0.differentiable = [] }.evaluated(on: home)
      isFound = !sample.agreement(of: found).failures.isEmpty
    } catch let error as TensorError {
      isFound = error.kind == .numeric
    }
    #expect(isFound == (fault != .none))
  }
}

/// The catalogue with every operation run at once in memory of just its size, and watched for NaN.
@Suite(.serialized) struct DebugCheckTests {
  /// A device of its own: debug checks change how a device hands out memory.
  private static let watched = Result { try CPUBackend.make() }.map { Device($0) }

  @Test(arguments: Catalogue.chosen)
  func nothingInvalidIsMadeOfFiniteOperands(_ operation: OperationRecord) throws {
    let home = try Self.watched.get()
    let samples = operation.samples.filter { !$0.mayBeNaN && $0.elements <= 300 }
    for sample in samples.enumerated().filter({ $0.offset % 5 == 0 }).map(\.element) {
      guard sample.inputs.allSatisfy({ $0.reference.values.allSatisfy(\.isFinite) }) else {
        continue
      }
      do {
        let found = try withDebugChecks(on: home) { try sample.evaluated(on: home) }
        expectNone(sample.agreement(of: found).failures.map { "\(sample): \($0)" })
      } catch {
        Issue.record("\(sample): \(error)")
      }
    }
  }

  @Test func theOperationThatMakesTheNaNIsNamed() throws {
    let home = try Self.watched.get()
    let x = try Tensor([1, 0, -1], shape: [3], on: home)
    let error = try #require(throws: TensorError.self) {
      try withDebugChecks(on: home) { try evaluate(exp(sqrt(x)) + 1) }
    }
    #expect(error.kind == .numeric)
    #expect("\(error)".contains("squareRoot") || "\(error)".contains("sqrt"))
  }
}
