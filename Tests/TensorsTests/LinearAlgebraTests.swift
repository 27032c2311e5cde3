import Geometry
import Tensors
import TestSupport
import Testing

/// What linear algebra does beside computing: say what it costs on a device, and what was wrong.
@Suite struct LinearAlgebraTests {
  @Test func aTripToTheHostIsCountedAndShown() throws {
    let device = try Device.isolated("opencl:0")
    let a = try Tensor([4, 2, 2, 3], shape: [2, 2], on: device)
    let before = try device.memory
    let factor = try a.cholesky()
    let plan = try explain(factor)
    #expect(plan.contains("cholesky of 1 [2, 2], on the host: 16 bytes there, 16 back"))
    #expect(factor.device == device)
    let found = try matmul(factor, factor, transposeRight: true).scalars()
    #expect(zip(found, [4, 2, 2, 3]).allSatisfy { abs($0 - $1) < 1e-5 })
    let after = try device.memory
    #expect(after.hostRoundTrips == before.hostRoundTrips + 1)
    #expect(after.hostBytes == before.hostBytes + 32)
  }

  @Test func theCPUHasNoTripToCount() throws {
    let before = try Device.cpu.memory.hostRoundTrips
    #expect(try Tensor([2, 0, 0, 4], shape: [2, 2], on: .cpu).determinant().scalar() == 8)
    #expect(try Device.cpu.memory.hostRoundTrips == before)
  }

  @Test(arguments: TestDevice.allCases)
  func theMatrixThatIsSingularIsNamed(_ device: TestDevice) throws {
    let a = try Tensor([1, 0, 0, 1, 1, 2, 2, 4], shape: [2, 2, 2], on: device.device)
    let error = try #require(throws: TensorError.self) { try a.inverse().scalars() }
    #expect(error.kind == .numeric && error.operation == "inverse")
    #expect("\(error)".contains("matrix 1 is singular"))
  }
}
