import Formats
import Foundation
import Geometry
import Tensors
import Testing

/// Computes the answers to a case by name.
typealias Solution = @Sendable (CourseCase) throws -> [String: any Answer]

/// The devices that each case is solved on.
enum TestDevice: String, CaseIterable, CustomTestStringConvertible {
  case cpu, opencl

  /// Both, or the one that `APUS_TEST_DEVICE` names.
  static let allCases: [TestDevice] = {
    guard let name = ProcessInfo.processInfo.environment["APUS_TEST_DEVICE"] else {
      return [.cpu, .opencl]
    }
    return TestDevice(rawValue: name).map { [$0] } ?? []
  }()

  var device: Device {
    get throws { self == .cpu ? .cpu : try Device.openCL(0) }
  }

  var testDescription: String { rawValue }
}

enum Course {
  /// Every solution by the identifier of its case.
  static let solutions: [String: Solution] = [
    ActivationCourseTests.solutions, BackwardCourseTests.solutions,
    BatchNormCourseTests.solutions, ConvolutionCourseTests.solutions,
    CountingCourseTests.solutions, LossCourseTests.solutions, OptimizerCourseTests.solutions,
    PerceptronCourseTests.solutions, RecurrentCourseTests.solutions, ShapeCourseTests.solutions,
  ].reduce(into: [:]) { $0.merge($1) { first, _ in first } }

  /// Solves a case on a device and compares every field.
  static func check(_ id: String, on device: TestDevice, _ solution: Solution) throws {
    let problem = try #require(CourseCase.all[id], "there is no case \(id)")
    let answers = try withDevice(device.device) {
      try solution(problem).mapValues { try $0.json() }
    }
    let differences = Judge(tolerance: problem.tolerance)
      .differences(.object(answers), problem.expected, at: id)
    #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
  }
}
