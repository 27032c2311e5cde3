import CPUBackend
import Foundation
import Geometry
import Optimizers
import Tensors
import Testing

/// What must not depend on the number of threads, and which loops run.
@Suite(.serialized) struct ThreadTests {
  /// Every kind of kernel at sizes that are cut into chunks.
  private func numbers() throws -> [UInt32] {
    let device = try Device.isolated("cpu")
    return try withSeed(6) {
      let x = try Tensor.normal([300, 700], on: device)
      let w = try Tensor.normal([700, 500], on: device)
      let batch = try Tensor.normal([5, 64, 64], on: device)
      let product = try tanh(matmul(x, w) * 0.1)
      let results = try [
        product, product.sum(axes: [0]), product.sum(axes: [1]), product.sum(), x.max(axes: [0]),
        x.cumsum(axis: 0), x.cumsum(axis: 1), matmul(batch, batch), exp(x).logSumExp(),
        matmul(x, x, transposeLeft: true), x.transposed() * 1,
        Tensor.normal([100_000], on: device).cumsum(axis: 0),
      ]
      let recurrent = try recurrence(on: device)
      let convolved = try convolution(stride: 1, on: device) + convolution(stride: 2, on: device)
      let box = Parameter(w)
      let (loss, gradients) = try valueAndGradients(of: [box]) {
        try square(matmul(x, box.value)).mean()
      }
      try Adam().update([box], along: gradients)
      return try (results + recurrent + convolved + [loss, box.value]).flatMap {
        try $0.scalars().map(\.bitPattern)
      }
    }
  }

  /// An LSTM whose rows are shared out, and its gradients.
  private func recurrence(on device: Device) throws -> [Tensor] {
    let operands = try [
      Tensor.normal([30, 5, 20], on: device), Tensor.normal([20, 160], on: device) * 0.2,
      Tensor.normal([40, 160], on: device) * 0.2,
    ]
    let (outputs, slopes) = try valueAndGradients(at: operands) {
      try lstm($0[0], kernel: $0[1], recurrentKernel: $0[2]).outputs
    }
    return [outputs] + slopes
  }

  /// A convolution whose images are shared out, and its gradients.
  private func convolution(stride: Int, on device: Device) throws -> [Tensor] {
    let operands = try [
      Tensor.normal([17, 14, 13, 64], on: device), Tensor.normal([3, 3, 64, 64], on: device) * 0.1,
    ]
    let (outputs, slopes) = try valueAndGradients(at: operands) {
      try conv2D($0[0], $0[1], stride: stride, padding: .same)
    }
    return [outputs] + slopes
  }

  private func onThreads<Value>(_ count: Int, _ body: () throws -> Value) rethrows -> Value {
    let before = CPUBackend.threadCount
    defer { CPUBackend.threadCount = before }
    CPUBackend.threadCount = count
    return try body()
  }

  @Test func oneTwoAndEightThreadsGiveTheSameBits() throws {
    let found = try [1, 2, 8].map { try onThreads($0, numbers) }
    #expect(found[0] == found[1])
    #expect(found[0] == found[2])
  }

  /// Threads share what they pack of a large product; its parts are computed by each thread alone.
  @Test func largeProductsHaveTheBitsOfTheirParts() throws {
    let device = try Device.isolated("cpu")
    let left = try withSeed(1) { try Tensor.normal([610, 1030], on: device) }
    let right = try withSeed(2) { try Tensor.normal([1030, 1001], on: device) }
    let across = try right.transposed() * 1
    for threads in [2, 3, 8] {
      try onThreads(threads) {
        let parts = try concatenate(
          [0..<200, 200..<400, 400..<610].map { rows throws in
            try matmul(left.slice(axis: 0, rows), right)
          }, axis: 0
        ).scalars()
        #expect(try matmul(left, right).scalars() == parts)
        #expect(try matmul(left, across, transposeRight: true).scalars() == parts)
      }
    }
  }

  /// More threads than a product is cut into columns for.
  @Test func manyThreadsShareAWideProduct() throws {
    let device = try Device.isolated("cpu")
    let left = try withSeed(1) { try Tensor.normal([520, 900], on: device) }
    let right = try withSeed(2) { try Tensor.normal([900, 4096], on: device) }
    func product() throws -> [Float] { try matmul(left, right).scalars() }
    #expect(try onThreads(16, product) == onThreads(1, product))
  }

  /// Woken threads would otherwise share a core that another one leaves idle.
  ///
  /// In a process of its own: nothing else opens regions or starts threads there.
  @Test func threadsHaveCoresOfTheirOwn() async {
    await #expect(processExitsWith: .success) {
      /// The cores that a thread may use, as the bits of hexadecimal digits.
      func cores(_ thread: String) throws -> String {
        let status = try String(contentsOfFile: "/proc/\(thread)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed:") }
        return String(try #require(line).dropFirst("Cpus_allowed:\t".count))
      }
      let own = try cores("thread-self")
      let count = own.reduce(0) { $0 + ($1.hexDigitValue ?? 0).nonzeroBitCount }
      let matrix = try Tensor.ones([512, 512], on: Device.isolated("cpu"))
      for threads in [count, count + 1, count] {
        CPUBackend.threadCount = threads
        _ = try matmul(matrix, matrix).scalars()
        let bound = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")
          .map { try cores("self/task/\($0)") }.filter { $0 != own }
        #expect(bound.count == (threads > count ? 0 : count - 1))
        #expect(Set(bound).count == bound.count)
      }
    }
  }

  @Test func theFastestLoopsThatTheProcessorKnowsRun() throws {
    let information = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
    let line = information.split(separator: "\n").first { $0.hasPrefix("flags") } ?? ""
    let flags = Set(line.split(separator: " "))
    let expected =
      flags.isSuperset(of: ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"])
      ? "x86-64-v4" : flags.isSuperset(of: ["avx2", "fma", "bmi2"]) ? "x86-64-v3" : "default"
    #expect(CPUBackend.cloneName == expected)
  }
}
