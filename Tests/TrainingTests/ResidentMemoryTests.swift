import Foundation
import Geometry
import Optimizers
import Tensors
import Testing

/// Bytes of this process that are in memory.
private func residentBytes() -> Int {
  let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
  let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
  return pages * 4096
}

/// Trains a small network and returns by how much the process grew after warming up.
private func growth(of name: String, steps: Int) throws -> Int {
  let device = try Device.isolated(name)
  return try withSeed(7) {
    let model = try Perceptron([64, 128, 10], on: device, activation: relu)
    let x = try Tensor.normal([32, 64], on: device)
    let y = try Tensor.eye(10, on: device).tiled([4, 1]).slice(axis: 0, 0..<32)
    let adam = try Adam()
    func train(_ steps: Int) throws {
      for _ in 0..<steps {
        let (loss, gradients) = try valueAndGradients(of: model.parameters) {
          try crossEntropy(model(x), y)
        }
        try adam.update(model.parameters, along: gradients)
        _ = try loss.scalar()
      }
    }
    try train(200)
    let before = residentBytes()
    let pool = try device.memory
    try train(steps)
    let after = try device.memory
    guard after.inUse == pool.inUse, after.allocations == pool.allocations else { return .max }
    return residentBytes() - before
  }
}

/// Each in a process of its own, where nothing else takes memory.
@Suite struct ResidentMemoryTests {
  @Test func memoryIsFlatOverTwoThousandStepsOnTheCPU() async {
    await #expect(processExitsWith: .success) {
      let bytes = try growth(of: "cpu", steps: 2000)
      #expect(bytes < 1 << 20)
    }
  }

  @Test func memoryIsFlatOverTwoThousandStepsOnOpenCL() async {
    await #expect(processExitsWith: .success) {
      let bytes = try growth(of: "opencl:0", steps: 2000)
      #expect(bytes < 1 << 20)
    }
  }
}
