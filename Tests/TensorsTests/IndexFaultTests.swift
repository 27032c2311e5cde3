import Geometry
import Tensors
import Testing

/// Indices that are out of range in data: where the error comes, and what it leaves behind.
@Suite struct IndexFaultTests {
  private static func rows(on device: Device) throws -> (table: Tensor, bad: Tensor, good: Tensor) {
    (
      try Tensor((0..<12).map(Float.init), shape: [4, 3], on: device),
      try Tensor([Int32(1), 4, 0], shape: [3], on: device),
      try Tensor([Int32(1), 3, 0], shape: [3], on: device)
    )
  }

  @Test func theCPUThrowsWhereTheResultIsComputedAndNamesTheIndex() throws {
    let (table, bad, _) = try Self.rows(on: .cpu)
    let result = try embedding(table, bad)
    for _ in 0..<2 {
      let error = try #require(throws: TensorError.self) { try evaluate(result) }
      #expect(error.kind == .index && error.operation == "embedding")
      #expect("\(error)".contains("index 4 at element 1") && "\(error)".contains("0 to 3"))
    }
  }

  /// An evaluation that fails leaves tensors to be computed and parameters as they were.
  @Test func aFailedEvaluationIsTakenBack() throws {
    let (table, bad, good) = try Self.rows(on: .cpu)
    let weights = Parameter(table)
    let other = try table + 1
    for (indices, failing) in [(bad, true), (good, false)] {
      do {
        let (loss, gradients) = try valueAndGradients(of: [weights]) {
          try embedding(weights.value, indices).sum() + other.sum()
        }
        try weights.assign(weights.value - gradients[0])
        try evaluateAssignments(on: .cpu)
        #expect(!failing)
        #expect(try loss.scalar() == 45 + 78)
      } catch {
        #expect(failing && error.kind == .index)
        #expect(try weights.value.scalars() == (0..<12).map(Float.init))
      }
    }
    #expect(try weights.value.scalars() == [-1, 0, 1, 2, 3, 4, 6, 7, 8, 8, 9, 10])
    #expect(try other.scalars() == (1...12).map(Float.init))
  }

  @Test func openCLThrowsOnceWhereTheHostWaits() throws {
    let device = try Device.isolated("opencl:0")
    let (table, bad, good) = try Self.rows(on: device)
    let wrong = try embedding(table, bad)
    // Nothing waits here, so nothing can be known yet.
    try evaluate(wrong)
    let error = try #require(throws: TensorError.self) { try device.synchronize() }
    #expect(error.kind == .index && error.operation == "embedding")
    #expect("\(error)".contains("0 to 3 are valid"))
    try device.synchronize()
    // What would have been read outside of the table is zeros.
    #expect(try wrong.scalars() == [3, 4, 5, 0, 0, 0, 0, 1, 2])
    #expect(try embedding(table, good).scalars() == [3, 4, 5, 9, 10, 11, 0, 1, 2])
  }

  @Test func openCLThrowsWhereAnythingIsReadNext() throws {
    let device = try Device.isolated("opencl:0")
    let (table, bad, _) = try Self.rows(on: device)
    let sum = try table.scatterAdd(Tensor.ones([3, 3], on: device), at: bad)
    try evaluate(sum)
    let error = try #require(throws: TensorError.self) { try table.scalars() }
    #expect(error.kind == .index && error.operation == "scatterAdd")
    #expect(try table.scalars() == (0..<12).map(Float.init))
  }
}
