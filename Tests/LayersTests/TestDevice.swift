import Foundation
import Tensors
import Testing

/// The devices that layers are tested on.
enum TestDevice: String, CaseIterable, CustomTestStringConvertible {
  case cpu, opencl

  /// Both, or the one that `APUS_TEST_DEVICE` names.
  static let allCases: [TestDevice] = {
    guard let name = ProcessInfo.processInfo.environment["APUS_TEST_DEVICE"] else {
      return [.cpu, .opencl]
    }
    return TestDevice(rawValue: name).map { [$0] } ?? []
  }()

  /// - Throws: what opening it throws: a run without an OpenCL device is a failed run.
  var device: Device {
    get throws { self == .cpu ? .cpu : try Device.openCL(0) }
  }

  var testDescription: String { rawValue }
}
