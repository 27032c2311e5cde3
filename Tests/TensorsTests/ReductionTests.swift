import CPUBackend
import Catalogue
import Geometry
import OpenCLBackend
import Tensors
import Testing

/// Reductions that are computed in one pass, of tensors so large that they are cut into segments.
@Suite struct ReductionTests {
  /// A device of its own, so that nobody else's steps are counted.
  enum Home: CaseIterable {
    case cpu, opencl, openclAsGPU

    func device() throws -> Device {
      switch self {
      case .cpu: Device(try CPUBackend.make())
      case .opencl: Device(try OpenCLBackend(index: 0))
      case .openclAsGPU: Device(try OpenCLBackend(index: 0, flavour: .gpu))
      }
    }
  }

  /// Long rows, wide columns, few columns, rows longer than what is at hand at a time; in memory,
  /// of other types, and seen through a view.
  struct Form: CustomStringConvertible, Sendable {
    let shape: [Int]
    let axis: Int
    var type = ScalarType.float32
    var isTransposed = false

    var description: String { "\(shape) \(type) along \(axis)\(isTransposed ? " transposed" : "")" }

    static let all = [
      Form(shape: [1, 600_000], axis: 1), Form(shape: [300, 2051], axis: 0),
      Form(shape: [100_000, 3], axis: 0), Form(shape: [7, 30_000], axis: 1),
      Form(shape: [300, 2051], axis: 0, type: .float16),
      Form(shape: [1, 300_000], axis: 1, type: .int32),
      Form(shape: [7, 30_000], axis: 1, type: .float64),
      Form(shape: [2051, 300], axis: 0, isTransposed: true),
    ]

    func tensor(hasNaN: Bool, on device: Device) throws -> Tensor {
      var generator = Generator(seed: 5)
      let count = shape.reduce(1, *)
      var values = (0..<count).map { _ in Float(generator.normal()) }
      if type == .int32 { values = values.map { (9 * $0).rounded() } }
      if hasNaN { values[count / 2] = .nan }
      var x = try Tensor(values, shape: Shape(shape), on: device).cast(to: type)
      // In memory, not on the way to the reductions.
      try evaluate([x])
      if isTransposed { x = try x.transposed() }
      return x
    }
  }

  /// How many steps computing them took.
  private static func steps(_ results: [Tensor]) throws -> Int {
    let before = results[0].device.engine.statistics.launches
    try evaluate(results)
    return results[0].device.engine.statistics.launches - before
  }

  @Test(arguments: Form.all, Home.allCases)
  func aPassGivesWhatEachReductionGives(_ form: Form, _ home: Home) throws {
    let device = try home.device()
    func results(_ x: Tensor) throws -> [Tensor] {
      [
        try x.max(axes: [form.axis]), try x.sum(axes: [form.axis]), try x.min(axes: [form.axis]),
      ]
    }
    for hasNaN in form.type == .int32 ? [false] : [false, true] {
      let x = try form.tensor(hasNaN: hasNaN, on: device)
      let together = try results(x)
      #expect(try Self.steps(together) == 1)
      // Each in a plan of its own.
      let alone = try results(x)
      for (number, (one, other)) in zip(together, alone).enumerated() {
        let (found, expected) = (try one.scalars(), try other.scalars())
        #expect(
          zip(found, expected).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) },
          "result \(number) of \(form) on \(home)")
        #expect(found.contains { $0.isNaN } == hasNaN)
        // No bit depends on what is computed beside it. What bits a NaN has is open.
        if !hasNaN { #expect(try one.bytes() == other.bytes(), "result \(number) of \(form)") }
      }
    }
  }

  @Test(arguments: Home.allCases)
  func whatIsNotOfOneTensorIsNotOnePass(_ home: Home) throws {
    let x = try Tensor([3, 1, 2, 6, 5, 4], shape: [2, 3], on: home.device())
    let rows = [1]
    let same = [try x.sum(axes: rows), try x.max(axes: rows), try x.sum(axes: rows)]
    #expect(try Self.steps(same) == 1)
    #expect(try same.map { try $0.scalars() } == [[6, 15], [3, 6], [6, 15]])
    #expect(try Self.steps([try x.sum(axes: rows), try x.max(axes: [0])]) == 2)
    #expect(try Self.steps([try x.max(axes: rows), try x.argmax(axis: 1)]) == 2)
    #expect(try Self.steps([try x.sum(axes: rows), try (x * x).sum(axes: rows)]) == 2)
    // What leads to both is computed once.
    let squares = try x * x
    #expect(try Self.steps([try squares.sum(axes: rows), try squares.max(axes: rows)]) == 2)
    let five = [
      try x.sum(axes: rows), try x.max(axes: rows), try x.min(axes: rows),
      try x.product(axes: rows), try x.sum(axes: rows, keepingAxes: true),
    ]
    #expect(try Self.steps(five) == 2)
    #expect(try five.map { try $0.scalars() } == [[6, 15], [3, 6], [1, 4], [6, 120], [6, 15]])
  }

  /// Rows of one element and of none, more of them than a chunk takes.
  @Test(arguments: Home.allCases)
  func manyShortRowsTakeNoLongerThanTheirElements(_ home: Home) throws {
    let device = try home.device()
    let rows = 200_000
    let ones = try Tensor([Float](repeating: 1, count: 3 * rows), shape: [rows, 3, 1], on: device)
    #expect(try ones.sum(axes: [0, 2]).scalars() == [Float](repeating: Float(rows), count: 3))
    let columns = try Tensor(
      [Float](repeating: 1, count: 3 * rows), shape: [3 * rows, 1], on: device)
    let places = try columns.argmax(axis: 1).scalars()
    #expect(places.count == 3 * rows && places.allSatisfy { $0 == 0 })
    let none = try Tensor([Float](), shape: [rows, 0], on: device)
    let sums = [try none.sum(axes: [1]), try none.product(axes: [1])]
    #expect(try sums[0].scalars() == [Float](repeating: 0, count: rows))
    #expect(try sums[1].scalars() == [Float](repeating: 1, count: rows))
  }
}
