import Formats
import Foundation
import Geometry
import Tensors
import TestSupport
import Testing

/// Computes the answers to a case by name.
typealias Solution = @Sendable (CourseCase) throws -> [String: any Answer]

enum Course {
  /// Every solution by the identifier of its case.
  static let solutions: [String: Solution] = [
    ActivationCourseTests.solutions, BackwardCourseTests.solutions,
    BatchingCourseTests.solutions, BatchNormCourseTests.solutions,
    ConvolutionCourseTests.solutions,
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

@Suite struct CompletenessTests {
  @Test func everyCaseHasASolution() {
    #expect(CourseCase.all.count == 100)
    let solved = Set(Course.solutions.keys)
    #expect(Set(CourseCase.all.keys).subtracting(solved).sorted() == [])
    #expect(solved.subtracting(CourseCase.all.keys).sorted() == [])
  }

  /// The judge sees a wrong number, a missing field, one too many, and lists of other lengths.
  @Test func theJudgeSeesDifferences() {
    let judge = Judge(tolerance: 1e-3)
    let expected = JSON.object(["a": .array([.integer(1), .string("inf")]), "b": .bool(true)])
    func differences(_ a: JSON, _ b: JSON?) -> Int {
      var found = ["a": a]
      found["b"] = b
      return judge.differences(.object(found), expected).count
    }
    let right = JSON.array([.number(1.0005), .number(.infinity)])
    #expect(differences(right, .bool(true)) == 0)
    #expect(differences(right, .bool(false)) == 1)
    #expect(differences(right, nil) == 1)
    #expect(differences(.array([.number(1.002), .number(.infinity)]), .bool(true)) == 1)
    #expect(differences(.array([.number(.nan), .number(7)]), .bool(true)) == 2)
    #expect(differences(.array([.integer(1)]), .bool(true)) == 1)
  }
}
