import Geometry
import Tensors
import Testing

/// Graphs so long that recursion over them would overflow the stack.
@Suite struct LongGraphTests {
  private static let length = 50_000

  private func chain(_ x: Tensor) throws -> Tensor {
    var y = x
    for _ in 0..<Self.length { y = try y * 1.0001 + x }
    return y
  }

  @Test func aChainOfAHundredThousandNodesIsEvaluated() throws {
    let device = try Device.isolated("cpu")
    let x = try Tensor([1e-3], shape: [1], on: device)
    #expect(try chain(x).scalar().isFinite)
  }

  @Test func aChainOfAHundredThousandNodesIsDropped() throws {
    let device = try Device.isolated("cpu")
    let x = try Tensor([1], shape: [1], on: device)
    var y: Tensor? = try chain(x)
    #expect(y?.shape == [1])
    y = nil
  }

  @Test func aChainOfThousandsIsDifferentiated() throws {
    let device = try Device.isolated("cpu")
    let x = try Tensor([0.5], shape: [1], on: device)
    let (_, g) = try valueAndGradients(at: [x]) { x in
      var y = x[0]
      for _ in 0..<5000 { y = try y * 1.0 + x[0] * 0.001 }
      return y
    }
    #expect(abs(try g[0].scalar() - 6) < 1e-2)
  }
}
