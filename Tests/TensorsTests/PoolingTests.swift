import Catalogue
import Geometry
import Tensors
import TestSupport
import Testing

/// What the catalogue's records of pooling cannot say.
@Suite struct PoolingTests {
  private func images(_ numbers: [Float], _ shape: Shape, _ device: Device) throws -> Tensor {
    try Tensor(numbers, shape: shape, on: device)
  }

  @Test(arguments: TestDevice.allCases)
  func theFirstOfEqualValuesGetsTheGradient(_ device: TestDevice) throws {
    let x = try images([1, 3, 3, 3], [1, 2, 2, 1], device.device)
    let slopes = try recorded {
      try gradients(of: maxPool2D(x, window: [2, 2]), for: [x])[0].scalars() as [Float]
    }
    #expect(slopes == [0, 1, 0, 0])
  }

  @Test(arguments: TestDevice.allCases)
  func theLastOfSeveralNaNsWins(_ device: TestDevice) throws {
    let x = try images([.nan, 3, .nan, 7], [1, 2, 2, 1], device.device)
    let slopes = try recorded {
      try gradients(of: maxPool2D(x, window: [2, 2]), for: [x])[0].scalars() as [Float]
    }
    #expect(slopes == [0, 0, 1, 0])
    #expect(try (maxPool2D(x, window: [2, 2]).scalars() as [Float])[0].isNaN)
  }

  @Test(arguments: TestDevice.allCases)
  func globalMaximaShareTheGradientAmongEquals(_ device: TestDevice) throws {
    let x = try images([1, 3, 3, 3], [1, 2, 2, 1], device.device)
    let slopes = try recorded {
      try gradients(of: globalMaxPool(x) * 3, for: [x])[0].scalars() as [Float]
    }
    #expect(slopes == [0, 1, 1, 1])
  }

  @Test(arguments: TestDevice.allCases)
  func paddingIsLeftOutOfAverages(_ device: TestDevice) throws {
    let x = try images([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1], device.device)
    let y = try averagePool2D(x, window: [3, 3], stride: [1, 1], padding: .same)
    #expect(try y.scalars() == [3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7] as [Float])
  }

  /// The value computed before the gradient is asked for: the winners are found then.
  @Test(arguments: TestDevice.allCases)
  func gradientsComeAfterTheValueWasRead(_ device: TestDevice) throws {
    let x = try images((0..<32).map { Float(($0 * 7) % 31) }, [1, 4, 4, 2], device.device)
    let together = try recorded {
      try gradients(of: maxPool2D(x, window: [2, 2]), for: [x])[0].scalars() as [Float]
    }
    let later = try recorded {
      let y = try maxPool2D(x, window: [2, 2])
      try evaluate(y)
      return try gradients(of: y, for: [x])[0].scalars() as [Float]
    }
    #expect(together == later)
    #expect(together.reduce(0, +) == 8)
  }

  /// Two of the same values and gradients of both, in one evaluation.
  @Test(arguments: TestDevice.allCases)
  func equalPoolingsShareNothingButTheirInput(_ device: TestDevice) throws {
    let x = try images((0..<32).map { Float(($0 * 7) % 31) }, [1, 4, 4, 2], device.device)
    let (once, twice) = try recorded {
      let y = try maxPool2D(x, window: [2, 2])
      let z = try maxPool2D(x, window: [2, 2])
      let both = try gradients(of: [y, z * 2], for: [x])[0]
      let single = try gradients(of: y, for: [x])[0]
      try evaluate(both, single, y, z)
      #expect(try y.scalars() as [Float] == z.scalars())
      return (try single.scalars() as [Float], try both.scalars() as [Float])
    }
    #expect(once.map { 3 * $0 } == twice)
  }

  /// With a square behind it the gradient depends on the values: its own gradient picks winners.
  @Test(arguments: [[2, 2], [3, 2]], [[1, 1], [2, 2]])
  func secondGradientsGoThroughTheWinners(_ window: [Int], _ stride: [Int]) throws {
    let shape = [1, 4, 5, 2]
    let point = [
      Reference(shape, Values.distinct(-2, 2).numbers(40, as: .float64, seed: 5))
    ]
    let forms: [(Tensor) throws -> Tensor] = [
      { try maxPool2D($0, window: window, stride: stride) },
      { try maxPoolWithIndices2D($0, window: window, stride: stride).values },
      { try averagePool2D($0, window: window, stride: stride) },
      { try adaptiveMaxPool2D($0, outputSize: window) },
      { try resized2D($0, to: [3, 7], mode: .bilinear) },
      { try patches($0, window: window, stride: stride) },
      { try globalMaxPool($0) },
    ]
    for form in forms {
      let check = GradientCheck(at: point, [.float64], for: [0]) { operands in
        [try pow(form(operands[0]), 3)]
      }
      expectNone(try check.failures())
      expectNone(try check.ofGradient.failures())
    }
  }

  @Test(arguments: TestDevice.allCases)
  func unpoolingPutsMaximaBack(_ device: TestDevice) throws {
    let x = try images([1, 9, 3, 4, 5, 6, 8, 7], [1, 2, 4, 1], device.device)
    let (values, indices) = try maxPoolWithIndices2D(x, window: [2, 2])
    #expect(try values.scalars() as [Float] == [9, 8])
    #expect(try indices.scalars(as: Int32.self) == [1, 6])
    let back = try unpool2D(values, indices: indices, outputSize: [2, 4])
    #expect(try back.scalars() as [Float] == [0, 9, 0, 0, 0, 0, 8, 0])
  }

  @Test(arguments: TestDevice.allCases)
  func shufflingBackGivesTheImage(_ device: TestDevice) throws {
    let x = try images((0..<48).map { Float($0) }, [1, 2, 2, 12], device.device)
    let back = try pixelUnshuffle(pixelShuffle(x, factor: 2), factor: 2)
    #expect(try back.scalars() as [Float] == x.scalars())
  }
}
