import CPUBackend
import Geometry
import Tensors
import Testing

/// What convolutions need beyond their operands and results, and what their bits depend on.
@Suite(.serialized) struct ConvolutionMemoryTests {
  struct Form: Sendable, CustomTestStringConvertible {
    let name: String
    let x: Shape, filter: Shape
    let stride: Int, padding: Padding
    /// Bytes beyond operands and results, forward and backward, as docs/kernels.md states them.
    let forward: Int, backward: Int

    var testDescription: String { name }
  }

  private static let page = 1 << 20

  static let forms: [Form] = [
    // Transformed filters are four times as large; transformed tiles are at most 12 MiB.
    Form(
      name: "3×3", x: [8, 56, 56, 64], filter: [3, 3, 64, 64], stride: 1, padding: .same,
      forward: 36 * 64 * 64 * 4, backward: (13 << 20) + 36 * 64 * 64 * 4),
    // The filter packed, as float32 or in 6 bytes a number; sums of its gradient are 4 MiB at most.
    Form(
      name: "3×3 stride 2", x: [16, 28, 28, 64], filter: [3, 3, 64, 128], stride: 2,
      padding: .same, forward: 9 * 64 * 128 * 6, backward: 4 << 20),
    Form(
      name: "7×7 stride 2", x: [8, 112, 112, 3], filter: [7, 7, 3, 64], stride: 2, padding: .same,
      forward: 49 * 3 * 64 * 4, backward: 4 << 20),
    Form(
      name: "1×1", x: [16, 14, 14, 256], filter: [1, 1, 256, 512], stride: 1, padding: .valid,
      forward: 256 * 512 * 4, backward: 4 << 20),
  ]

  @Test(arguments: forms) func workspacesAreAsStated(_ form: Form) throws {
    let device = try Device.isolated("cpu")
    let x = try withSeed(1) { try Tensor.normal(form.x, on: device) }
    let filter = try withSeed(2) { try Tensor.normal(form.filter, on: device) }
    try evaluate(x, filter)
    func result() throws -> Tensor {
      try conv2D(x, filter, stride: form.stride, padding: form.padding)
    }
    let before = try device.memory.inUse
    try device.resetPeakMemory()
    let y = try result()
    try evaluate(y)
    let bytes = 4 * y.count
    #expect(try device.memory.peak - before <= bytes + form.forward + Self.page)

    let upstream = try withSeed(3) { try Tensor.normal(y.shape, on: device) }
    try evaluate(upstream)
    let held = try device.memory.inUse
    try device.resetPeakMemory()
    let slopes = try recorded {
      let found = try gradients(of: result(), upstream: upstream, for: [x, filter])
      try evaluate(found)
      return found
    }
    let results = 4 * slopes.reduce(0) { $0 + $1.count }
    #expect(try device.memory.peak - held <= results + form.backward + Self.page)
    // Far below what patches of the whole batch would take.
    let patches = 4 * y.count / form.filter.last * form.filter.dropLast().reduce(1, *)
    if form.filter[0] > 1 { #expect(form.forward + form.backward < patches) }
  }

  /// The bits of all passes by all methods but the packed product, which `ThreadTests` looks at.
  private func numbers() throws -> [UInt32] {
    let device = try Device.isolated("cpu")
    let forms: [(Shape, Shape, Int, Int)] = [
      ([4, 16, 16, 48], [3, 3, 48, 48], 1, 1), ([4, 15, 15, 20], [3, 3, 20, 40], 2, 1),
      ([3, 28, 28, 1], [5, 5, 1, 6], 1, 1), ([3, 14, 14, 40], [1, 1, 40, 50], 1, 1),
      ([3, 14, 15, 40], [3, 3, 1, 40], 1, 40), ([2, 14, 15, 8], [3, 3, 4, 12], 1, 2),
    ]
    return try withSeed(6) {
      try forms.flatMap { form in
        let x = try Tensor.normal(form.0, on: device)
        let filter = try Tensor.normal(form.1, on: device)
        let found = try recorded {
          let y = try conv2D(x, filter, stride: form.2, padding: .same, groups: form.3)
          return try [y] + gradients(of: square(y), for: [x, filter])
        }
        return try found.flatMap { try $0.scalars().map(\.bitPattern) }
      }
    }
  }

  @Test func oneTwoAndEightThreadsGiveTheSameBits() throws {
    let before = CPUBackend.threadCount
    defer { CPUBackend.threadCount = before }
    var found: [[UInt32]] = []
    for threads in [1, 2, 8] {
      CPUBackend.threadCount = threads
      found.append(try numbers())
    }
    #expect(found[0] == found[1])
    #expect(found[0] == found[2])
  }
}
