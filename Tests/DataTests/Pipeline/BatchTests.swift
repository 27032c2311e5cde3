import Data
import Geometry
import Tensors
import Testing

@Suite struct BatchTests {
  @Test func countsSamples() throws {
    let images = try Tensor.zeros([3, 2, 2, 1])
    #expect(Batch(inputs: [images]).count == 3)
    #expect(Batch(inputs: []).count == 0)
  }
}
