import Geometry
import Optimizers
import Tensors
import Testing

/// Parameters, and the overwriting of memory that nobody else can see.
@Suite(.serialized) struct AssignmentTests {
  let device: Device

  init() throws { device = try Device.isolated("cpu") }

  private func step(_ boxes: [Parameter], _ optimizer: any Optimizer) throws -> Tensor {
    let (loss, gradients) = try valueAndGradients(of: boxes) {
      try (boxes[0].value * boxes[0].value).sum()
    }
    try optimizer.update(boxes, along: gradients)
    return loss
  }

  @Test func anUpdateOverwritesInPlace() throws {
    let box = Parameter(try Tensor([1, 2, 3], shape: [3], on: device))
    let adam = Adam(learningRate: 0.1)
    for _ in 0..<3 { _ = try step([box], adam) }
    let before = device.engine.statistics.overwrites
    _ = try step([box], adam)
    #expect(device.engine.statistics.overwrites == before + 3)
  }

  @Test func whoHoldsTheOldValueKeepsIt() throws {
    let box = Parameter(try Tensor([1, 2, 3], shape: [3], on: device))
    let sgd = try SGD(learningRate: 0.5)
    let old = box.value
    _ = try step([box], sgd)
    #expect(try old.scalars() == [1, 2, 3])
    #expect(try box.value.scalars() == [0, 0, 0])
  }

  @Test func whoHoldsAViewOfTheOldValueKeepsIt() throws {
    let box = Parameter(try Tensor([1, 2, 3, 4], shape: [4], on: device))
    let view = try box.value.reshaped(to: [2, 2])
    try evaluate(view)
    _ = try step([box], try SGD(learningRate: 0.5))
    #expect(try view.scalars() == [1, 2, 3, 4])
  }

  @Test func anUnreadExpressionOfTheOldValueKeepsIt() throws {
    let box = Parameter(try Tensor([1, 2], shape: [2], on: device))
    let later = try box.value * 10
    _ = try step([box], try SGD(learningRate: 0.5))
    #expect(try later.scalars() == [10, 20])
  }

  @Test func aRunningStatisticIsComputedWithTheNextEvaluation() throws {
    let box = Parameter(try Tensor([0], shape: [1], on: device), isTrained: false)
    for value in 1...3 {
      try box.assign(box.value * 0.5 + Double(value))
      try evaluate(Tensor.ones([2], on: device) + 1)
    }
    #expect(try box.value.scalars() == [4.25])
  }

  @Test func assigningTwiceKeepsTheLast() throws {
    let box = Parameter(try Tensor([1], shape: [1], on: device))
    try box.assign(box.value + 1)
    try box.assign(box.value * 10)
    try evaluateAssignments(on: device)
    #expect(try box.value.scalars() == [20])
  }

  /// In one batch, one after the other, and where the first value was read in between.
  @Test func afterAFailureABoxHoldsWhatWasComputedLast() throws {
    let box = Parameter(try Tensor([1, 2], shape: [2], on: device))
    let other = Parameter(try Tensor([5], shape: [1], on: device))
    let table = try Tensor.ones([4, 2], on: device)
    let bad = try embedding(table, Tensor([Int32(4)], shape: [1], on: device)).reshaped(to: [2])
    func fails(holding value: [Float], _ assign: () throws -> Void) throws {
      try assign()
      let error = try #require(throws: TensorError.self) { try evaluateAssignments(on: device) }
      #expect(error.kind == .index)
      #expect(try box.value.scalars() == value)
      #expect(try other.value.scalars() == [5])
    }
    try fails(holding: [1, 2]) {
      try Parameter.assign([
        (box, box.value * 2), (other, other.value + 1), (box, box.value + bad),
      ])
    }
    try fails(holding: [1, 2]) {
      try box.assign(box.value * 3)
      try Parameter.assign([(other, other.value + 1), (box, box.value + bad)])
    }
    try fails(holding: [4, 8]) {
      try box.assign(box.value * 4)
      _ = try box.value.scalars()
      try Parameter.assign([(other, other.value + 1), (box, box.value + bad)])
    }
  }

  @Test func anotherShapeCannotBeAssigned() throws {
    let box = Parameter(try Tensor([1], shape: [1], on: device))
    #expect {
      try box.assign(Tensor.ones([2], on: device))
    } throws: { "\($0)".contains("[2]") && "\($0)".contains("[1]") }
  }

  @Test func anUpdateThatCannotBeLeavesEverything() throws {
    let box = Parameter(try Tensor([1, 2], shape: [2], on: device))
    let adam = try Adam()
    #expect(throws: TensorError.self) {
      try adam.update([box], along: [Tensor.ones([3], on: device)])
    }
    #expect(try box.value.scalars() == [1, 2])
  }

  @Test func aLearningRateCostsNoNewPlan() throws {
    let box = Parameter(try Tensor([1, 2, 3], shape: [3], on: device))
    let adam = Adam(learningRate: 0.1)
    for _ in 0..<3 { _ = try step([box], adam) }
    let plans = device.engine.statistics.plans
    for rate in [0.2, 0.3, 1.0, 0.5] {
      adam.learningRate = rate
      _ = try step([box], adam)
    }
    #expect(device.engine.statistics.plans == plans)
  }

  @Test func memoryIsFlatOverTwoThousandSteps() throws {
    let boxes = [
      Parameter(try Tensor.uniform([32, 32], on: device)),
      Parameter(try Tensor.uniform([32], on: device)),
    ]
    let x = try Tensor.uniform([16, 32], on: device)
    let adam = try Adam()
    func train(_ steps: Int) throws {
      for _ in 0..<steps {
        let (loss, gradients) = try valueAndGradients(of: boxes) {
          let h = try relu(matmul(x, boxes[0].value) + boxes[1].value)
          return try (h * h).mean()
        }
        try adam.update(boxes, along: gradients)
        _ = try loss.scalar()
      }
    }
    try train(20)
    let memory = try device.memory
    let plans = device.engine.statistics.plans
    try train(2000)
    let after = try device.memory
    #expect(after.inUse == memory.inUse)
    #expect(after.allocations == memory.allocations)
    #expect(device.engine.statistics.plans == plans)
  }
}
