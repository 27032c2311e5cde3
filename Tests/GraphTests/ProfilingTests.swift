import Geometry
import Tensors
import Testing

@Suite struct ProfilingTests {
  @Test(arguments: ["cpu", "opencl:0"]) func namesWhatTookTheTime(name: String) throws {
    let device = try Device.isolated(name)
    let x = try Tensor.ones([256, 256], on: device)
    let (values, times) = try profiled(on: device) { () -> [Float] in
      var sums: [Float] = []
      for number in 0..<3 { sums.append(try matmul(x + Double(number), x).sum().scalar()) }
      return sums
    }
    #expect(values == [0x1p24, 0x1p25, 0x1.8p25])
    let products = try #require(times.first { $0.name.contains("matmul") })
    #expect(products.count == 3 && products.seconds > 0)
    #expect(times.map(\.seconds) == times.map(\.seconds).sorted(by: >))
    // Nothing is timed any more.
    let after = try profiled(on: device) { 0 }
    #expect(after.times.isEmpty)
  }
}
