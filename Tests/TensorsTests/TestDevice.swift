import Backends
import Catalogue
import Foundation
import Geometry
import Tensors
import Testing

/// The devices that every test of operations runs on.
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

  var other: TestDevice { self == .cpu ? .opencl : .cpu }

  var testDescription: String { rawValue }

  /// What committed records of errors call it; others than PoCL and the like go by their own name.
  var recordName: String {
    get throws {
      guard self == .opencl else { return rawValue }
      let flavour = ProcessInfo.processInfo.environment["APUS_OPENCL_FLAVOUR"]
      let information = try device.information
      return flavour == nil && information.kind == .cpu
        ? rawValue : "\(information.name) \(flavour ?? information.kind.rawValue)"
    }
  }
}

extension Catalogue {
  /// The operations to try: those that `APUS_OPERATIONS` names, comma between them, or all.
  static let chosen: [OperationRecord] = {
    guard let list = ProcessInfo.processInfo.environment["APUS_OPERATIONS"] else {
      return operations
    }
    let names = list.split(separator: ",").map(String.init)
    return operations.filter { names.contains($0.name) || names.contains($0.family) }
  }()
}
