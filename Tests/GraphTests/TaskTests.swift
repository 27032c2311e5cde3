import Geometry
import Tensors
import Testing

/// Several tasks at once on shared tensors.
@Suite struct TaskTests {
  @Test(arguments: ["cpu", "opencl:0"]) func tasksShareTensorsAndDevices(name: String) async throws
  {
    let device = try Device.isolated(name)
    let shared = try Tensor((0..<256).map { Float($0) * 0.01 }, shape: [16, 16], on: device)
    let base = try exp(shared * 0.1)
    let expected = try (matmul(base, base) + base).sum().scalar()
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<25 {
            let value = try (matmul(base, base) + base).sum().scalar()
            if value != expected { return false }
            let (_, g) = try valueAndGradients(at: [shared]) { x in
              try (x[0] * x[0] + base).sum()
            }
            if try g[0].scalars()[3] != 0.06 { return false }
          }
          return true
        }
      }
      for try await isRight in group { #expect(isRight) }
    }
  }
}
