import Foundation
import Geometry
import Optimizers
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

  /// An evaluation takes along what other tasks have assigned: all of a step of theirs, or nothing.
  @Test(arguments: ["cpu", "opencl:0"]) func tasksTrainSideBySide(name: String) async throws {
    let device = try Device.isolated(name)
    @Sendable func trained() throws -> [Float] {
      let point = Parameter(try Tensor([3, 3], shape: [2], on: device))
      let optimizer = try Adam(learningRate: 0.1, amsgrad: true)
      for _ in 0..<60 {
        let gradients = try valueAndGradients(of: [point]) { try square(point.value).sum() }
        try optimizer.update([point], along: gradients.gradients)
      }
      return try point.value.scalars()
    }
    let expected = try trained()
    try await withThrowingTaskGroup(of: [Float].self) { group in
      for _ in 0..<8 { group.addTask { try trained() } }
      for try await found in group { #expect(found == expected) }
    }
  }

  @Test func boxesAssignedTogetherAreReadTogether() throws {
    let device = try Device.isolated("cpu")
    let numbers = try (0..<2).map { try Tensor([Float($0)], shape: [1], on: device) }
    let boxes = (0..<64).map { _ in Parameter(numbers[0], isTrained: false) }
    func look() throws {
      let seen = try Parameter.values(of: boxes).map { try $0.scalar() }
      #expect(Set(seen).count == 1)
    }
    let changes = try onAnotherThread(meanwhile: look) {
      for round in 0..<2000 {
        try Parameter.assign(boxes.map { ($0, numbers[round % 2]) })
      }
      return 2000
    }
    #expect(changes == 2000)
  }

  /// What one task has assigned, or wants the value of, does not fail where another reads
  /// something.
  @Test func oneTasksMistakeIsNotAnothers() async throws {
    let device = try Device.isolated("cpu")
    let table = Parameter(try Tensor.ones([4, 3], on: device))
    let bad = try Tensor([Int32(1), 4, 0], shape: [3], on: device)
    try table.assign(table.value * 2)
    try evaluateAssignments(on: device)
    let (loss, gradients) = try valueAndGradients(of: [table]) {
      try embedding(table.value, bad).sum()
    }
    try table.assign(table.value - gradients[0])
    #expect(try onAnotherThread { Int(try Tensor.ones([5], on: device).sum().scalar()) } == 5)
    let error = try #require(throws: TensorError.self) { try evaluateAssignments(on: device) }
    #expect(error.kind == .index)
    #expect(try table.value.scalars() == [Float](repeating: 2, count: 12))
    #expect(throws: TensorError.self) { try loss.scalar() }
  }

  @Test(arguments: ["cpu", "opencl:0"]) func resultsOfOneOperationMayBeAskedForOneAtATime(
    name: String
  ) throws {
    let device = try Device.isolated(name)
    let rule = try GroupedRule(inputs: 2, settings: 1, overwriting: [0, 1]) { inputs, settings in
      [try inputs[0] + settings[0] * inputs[1], try inputs[0] * inputs[1]]
    }
    let tensors = try (1...2).flatMap { index in
      [
        try Tensor([Float(index), 2], shape: [2], on: device),
        try Tensor([3, 4], shape: [2], on: device) * 2,
      ]
    }
    let results = try rule.apply(to: tensors, settings: [10], name: "rule")
    #expect(try results[3].scalars() == [12, 16])
    #expect(try results[0].scalars() == [61, 82])
    #expect(try results[2].scalars() == [62, 82])
    #expect(try results[1].scalars() == [6, 16])
    #expect(throws: TensorError.self) {
      try rule.apply(to: Array(tensors.dropLast()), settings: [10], name: "rule")
    }
    // Settings are no part of a plan.
    let plans = device.engine.statistics.plans
    let others = try rule.apply(to: tensors, settings: [100], name: "rule")
    #expect(try others[3].scalars() == [12, 16])
    #expect(try others[0].scalars() == [601, 802])
    #expect(device.engine.statistics.plans < plans + 2)
    let wide = try tensors.map { try $0.cast(to: .float64) }
    let error = try #require(throws: TensorError.self) {
      try rule.apply(to: wide, settings: [10], name: "rule")
    }
    #expect(error.description.contains("float32"))
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
private func onAnotherThread(
  meanwhile: () throws -> Void = { usleep(200) }, _ body: @escaping @Sendable () throws -> Int
) throws -> Int {
  let box = Box()
  let thread = Thread { box.result = Result { try body() } }
  thread.start()
  while !thread.isFinished { try meanwhile() }
  return try #require(box.result).get()
}

// Written by one thread before it ends, read by another after.
private final class Box: @unchecked Sendable {
  var result: Result<Int, any Error>?
}
