internal import Foundation
package import Tensors

/// The devices that tests run on.
package enum TestDevice: String, CaseIterable, CustomStringConvertible, Sendable {
  case cpu, opencl

  /// Both, or the one that `APUS_TEST_DEVICE` names.
  package static let allCases: [TestDevice] = {
    guard let name = ProcessInfo.processInfo.environment["APUS_TEST_DEVICE"] else {
      return [.cpu, .opencl]
    }
    return TestDevice(rawValue: name).map { [$0] } ?? []
  }()

  /// - Throws: what opening it throws: a run without an OpenCL device is a failed run.
  package var device: Device {
    get throws { self == .cpu ? .cpu : try Device.openCL(0) }
  }

  package var description: String { rawValue }
}
