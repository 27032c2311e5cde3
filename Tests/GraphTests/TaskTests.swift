import Foundation
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

  @Test func oneTasksRecordingDoesNotHoldAnothersNodes() async throws {
    let device = try Device.isolated("cpu")
    let x = try Tensor([1, 2, 3], shape: [3], on: device)
    try recorded {
      // Recorded later, but not in the recording: the context of the task is not handed on.
      let launches = try onAnotherThread {
        let before = device.engine.statistics.launches
        _ = try (exp(x) * 2 + 1).sum().scalar()
        return device.engine.statistics.launches - before
      }
      #expect(launches == 1)
    }
  }
}

/// What `body` returns on a thread that knows nothing of this task.
private func onAnotherThread(_ body: @escaping @Sendable () throws -> Int) throws -> Int {
  let box = Box()
  let thread = Thread { box.result = Result { try body() } }
  thread.start()
  while !thread.isFinished { usleep(200) }
  return try #require(box.result).get()
}

// Written by one thread before it ends, read by another after.
private final class Box: @unchecked Sendable {
  var result: Result<Int, any Error>?
}
