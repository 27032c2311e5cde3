import Geometry
import Layers
import Tensors
import Testing

@Suite struct InspectionTests {
  private func perceptron() -> Sequential {
    Sequential {
      Flatten()
      Dense(512, activation: .relu)
      Dense(512, activation: .relu)
      Dense(10)
    }
  }

  @Test func summaryCountsWithoutComputing() throws {
    let model = perceptron()
    let device = try Device.isolated("cpu")
    let summary = try model.summary(input: [28, 28], on: device)
    #expect(try device.memory.peak == 0)
    #expect(summary.rows.map(\.path) == ["0", "1", "2", "3"])
    #expect(summary.rows.map(\.layer) == ["Flatten", "Dense", "Dense", "Dense"])
    #expect(summary.rows.map(\.output) == [[784], [512], [512], [10]])
    #expect(summary.rows.map(\.parameters) == [0, 401_920, 262_656, 5130])
    #expect(summary.rows.map(\.multiplications) == [0, 401_408, 262_144, 5120])
    #expect(summary.parameters == 669_706 && summary.nonTrainable == 0)
    #expect(summary.multiplications == 668_672)
    let text = summary.description
    #expect(text.contains("669,706 parameters"))
  }

  @Test func aSharedLayerIsCountedOnceAndItsWorkTwice() throws {
    let shared = Dense(4, useBias: false)
    let model = Sequential {
      shared
      Activation(.tanh)
      shared
    }
    let summary = try model.summary(input: [4])
    #expect(summary.parameters == 16)
    #expect(summary.rows.map(\.parameters) == [16, 0, 0])
    #expect(summary.multiplications == 32)
  }

  @Test func checkListsEveryMistake() throws {
    let model = Sequential {
      Dense(6)
      Reshape([2, 4])
      Dense(5)
      Permute([2, 1])
    }
    #expect(try model.check(input: [3]).map(\.path) == ["1", "3"])
    let good = perceptron()
    #expect(try good.check(input: [28, 28]).isEmpty)
    #expect(try good.check(input: [14, 28]).map(\.path) == ["1"])
  }

  @Test func featuresOfInnerLayersHaveGradients() throws {
    let model = Sequential {
      Dense(3, useBias: false, kernel: Weight(.ones))
      Dense(2, useBias: false, kernel: Weight(.ones))
    }
    let x = try Tensor([1, 2], shape: [1, 2])
    let inner = try model.features(at: "0", of: x)
    #expect(try inner.scalars() == [3, 3, 3])
    let gradient = try valueAndGradients(at: [x]) {
      try model.features(at: "1", of: $0[0]).sum()
    }.gradients[0]
    #expect(try gradient.scalars() == [6, 6])
    #expect(throws: TensorError.self) { try model.features(at: "7", of: x) }
  }
}
