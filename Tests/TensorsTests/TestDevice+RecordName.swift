import Foundation
import Geometry
import Tensors
import TestSupport

extension TestDevice {
  var other: TestDevice { self == .cpu ? .opencl : .cpu }

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
