import Catalogue
import Geometry
import Tensors
import TestSupport
import Testing

/// Products that are large enough for what is built for large ones alone; the catalogue's are small.
@Suite struct LargeProductTests {
  private static let rows = 300, columns = 320, inner = 400

  private struct Matrix {
    var values: [Float]
    let columns: Int

    init(_ rows: Int, _ columns: Int, seed: UInt64) {
      var generator = Generator(seed: seed)
      values = (0..<rows * columns).map { _ in Float(generator.normal()) }
      self.columns = columns
    }

    func tensor(transposed: Bool, on device: Device) throws -> Tensor {
      let rows = values.count / columns
      let tensor = try Tensor(values, shape: [rows, columns], on: device)
      guard transposed else { return tensor }
      let turned = try tensor.transposed()
      // In memory, not only by its strides.
      return try Tensor(try turned.scalars(), shape: [columns, rows], on: device)
    }
  }

  private static func product(
    _ left: Matrix, _ right: Matrix, transposeLeft: Bool = false, transposeRight: Bool = false,
    on device: Device
  ) throws -> [Float] {
    try matmul(
      try left.tensor(transposed: transposeLeft, on: device),
      try right.tensor(transposed: transposeRight, on: device), transposeLeft: transposeLeft,
      transposeRight: transposeRight
    ).scalars()
  }

  /// What element (i, j) is in double, and the sum of what is added without signs.
  private static func element(
    _ left: Matrix, _ right: Matrix, _ i: Int, _ j: Int
  ) -> (sum: Double, size: Double) {
    var sum = 0.0
    var size = 0.0
    for k in 0..<inner {
      let term =
        Double(left.values[i * inner + k]) * Double(right.values[k * right.columns + j])
      sum += term
      size += abs(term)
    }
    return (sum, size)
  }

  @Test(arguments: TestDevice.allCases, [false, true])
  func errorsAreThoseOfFloat32(_ device: TestDevice, _ transposeLeft: Bool) throws {
    let left = Matrix(Self.rows, Self.inner, seed: 1)
    let right = Matrix(Self.inner, Self.columns, seed: 2)
    for transposeRight in [false, true] {
      let found = try Self.product(
        left, right, transposeLeft: transposeLeft, transposeRight: transposeRight,
        on: try device.device)
      var worst = 0.0
      for i in 0..<Self.rows {
        for j in 0..<Self.columns {
          let (sum, size) = Self.element(left, right, i, j)
          worst = max(worst, abs(Double(found[i * Self.columns + j]) - sum) / size)
        }
      }
      // Numbers cut to 16 bits would be off by 2^-17 each; a chain of multiply-adds is by 3e-7.
      #expect(worst < 4e-7, "\(worst)")
    }
  }

  @Test(arguments: TestDevice.allCases)
  func whatIsNotFiniteIsWhatItIsInFloat32(_ device: TestDevice) throws {
    var left = Matrix(Self.rows, Self.inner, seed: 3)
    var right = Matrix(Self.inner, Self.columns, seed: 4)
    left.values[17 * Self.inner + 5] = .infinity
    left.values[40 * Self.inner + 390] = .nan
    // Rounded to eight bits this would be infinite.
    left.values[290 * Self.inner + 33] = .greatestFiniteMagnitude
    right.values[33 * Self.columns + 70] = 0.5
    right.values[7 * Self.columns + 319] = -.infinity
    // Infinity times zero.
    right.values[5 * Self.columns + 4] = 0
    let found = try Self.product(left, right, on: try device.device)
    for i in [0, 17, 39, 40, 41, 290, 299] {
      for j in 0..<Self.columns {
        let (sum, size) = Self.element(left, right, i, j)
        let value = found[i * Self.columns + j]
        if sum.isNaN {
          #expect(value.isNaN, "\(i) \(j)")
        } else if Float(sum).isInfinite {
          #expect(value == Float(sum), "\(i) \(j)")
        } else if size < 1e38 || size == abs(sum) {
          #expect(abs(Double(value) - sum) <= 4e-7 * size, "\(i) \(j)")
        }
      }
    }
    #expect(found[290 * Self.columns + 70].isFinite)
  }

  @Test(arguments: TestDevice.allCases)
  func aRowThatIsNotFiniteLeavesTheBitsOfOthers(_ device: TestDevice) throws {
    var left = Matrix(Self.rows, Self.inner, seed: 5)
    let right = Matrix(Self.inner, Self.columns, seed: 6)
    let before = try Self.product(left, right, on: try device.device)
    let row = 140
    left.values[row * Self.inner + 3] = .infinity
    let after = try Self.product(left, right, on: try device.device)
    let changed = before.indices.filter { before[$0] != after[$0] && $0 / Self.columns != row }
    #expect(changed.isEmpty)
  }

  /// Tiny numbers have fewer bits than others, in places of their own: some may count as 0.
  @Test(arguments: TestDevice.allCases, [false, true])
  func tinyNumbersLeaveOthersAsTheyAre(_ device: TestDevice, _ areOnTheRight: Bool) throws {
    var left = Matrix(Self.rows, Self.inner, seed: 7)
    var right = Matrix(Self.inner, Self.columns, seed: 8)
    // The lower halves of their bits are 1, 2, infinity and others.
    let bits: [UInt32] = [0x3F80, 0x4000, 0x7F80, 0x1234_3F80, 0x0123_7FFF, 0x0380_0001]
    for k in 0..<Self.inner where k % 32 >= 16 {
      let tiny = Float(bitPattern: bits[k % bits.count])
      if areOnTheRight {
        for j in 0..<Self.columns { right.values[k * Self.columns + j] = tiny }
      } else {
        for i in 0..<Self.rows { left.values[i * Self.inner + k] = tiny }
      }
    }
    let found = try Self.product(left, right, on: try device.device)
    var worst = 0.0
    for i in stride(from: 0, to: Self.rows, by: 7) {
      for j in 0..<Self.columns {
        let (sum, size) = Self.element(left, right, i, j)
        let error = abs(Double(found[i * Self.columns + j]) - sum) / size
        worst = error <= worst ? worst : error
      }
    }
    #expect(worst < 4e-7)
  }

  struct Geometry: CustomTestStringConvertible, Sendable {
    let input: [Int], filter: [Int]
    var stride = 1, dilation = 1
    var padding = Padding.same

    var testDescription: String {
      "\(input) by \(filter), stride \(stride), dilation \(dilation), \(padding)"
    }
  }

  private static let geometries = [
    Geometry(input: [5, 27, 26, 64], filter: [3, 3, 64, 80], stride: 2),
    Geometry(input: [3, 15, 15, 32], filter: [5, 5, 32, 72], padding: .valid),
    Geometry(input: [3, 14, 14, 64], filter: [3, 3, 64, 64], dilation: 2),
    Geometry(input: [16, 13, 13, 128], filter: [1, 1, 128, 320], stride: 2),
    // Strides that leave three by three phases, of one tap to four.
    Geometry(input: [6, 26, 25, 64], filter: [5, 5, 64, 96], stride: 3),
    // Taps of the phases that are not side by side.
    Geometry(input: [6, 27, 26, 64], filter: [3, 3, 64, 64], stride: 2, dilation: 2),
    // An image in pieces.
    Geometry(input: [1, 96, 96, 64], filter: [3, 3, 64, 128], stride: 2),
    // A filter that does not stay near, of more channels than are multiplied at once.
    Geometry(input: [9, 8, 7, 448], filter: [3, 3, 448, 576], padding: .valid),
    // Several panels of patches to a step, several steps of positions to a sum.
    Geometry(
      input: [8, 20, 40, 128], filter: [3, 3, 128, 256], stride: 2,
      padding: .explicit(before: [2, 0], after: [0, 3])),
  ]

  /// So many channels and results that patches are packed; more results than panels of them, edges
  /// of images, and for strides places of the input's gradient that nothing leads to.
  @Test(arguments: TestDevice.allCases, geometries)
  func wideConvolutionsAreThoseOfFloat64(_ device: TestDevice, _ geometry: Geometry) throws {
    let device = try device.device
    let operands = try withSeed(9) {
      [
        try Tensor.normal(Shape(geometry.input), on: device),
        try Tensor.normal(Shape(geometry.filter), on: device) * 0.1,
        try Tensor.normal([geometry.filter[3]], on: device),
      ]
    }
    try evaluate(operands)
    func outcome(_ x: [Tensor]) throws -> [[Double]] {
      try recorded {
        let outputs = try relu(
          conv2D(
            x[0], x[1], bias: x[2], stride: geometry.stride, padding: geometry.padding,
            dilation: geometry.dilation))
        let slopes = try gradients(of: (outputs * outputs).sum(), for: x)
        return try ([outputs] + slopes).map {
          try $0.cast(to: .float64).scalars(as: Double.self)
        }
      }
    }
    let found = try outcome(operands)
    let expected = try outcome(
      operands.map {
        try Tensor($0.cast(to: .float64).scalars(as: Double.self), shape: $0.shape, on: .cpu)
      })
    // Errors grow with the square root of what is summed.
    let terms = Double(geometry.filter[0] * geometry.filter[1] * geometry.filter[2])
    let growth = max(1, (terms / 1000).squareRoot())
    for (values, truth) in zip(found, expected) {
      let scale = truth.reduce(0) { max($0, abs($1)) }
      let worst = zip(values, truth).reduce(0) { max($0, abs($1.0 - $1.1)) }
      #expect(worst <= 2e-6 * growth * scale, "\(worst) of \(scale)")
    }
  }

  /// So many rows and units that threads take whole tiles of them, and a few rows more.
  @Test(arguments: TestDevice.allCases, [Recurrence.Kind.simple, .lstm, .gru])
  func wideRecurrencesAreThoseOfFloat64(_ device: TestDevice, _ kind: Recurrence.Kind) throws {
    let (batch, steps, units) = (37, 5, 64)
    let device = try device.device
    let gates = kind == .lstm ? 4 : kind == .gru ? 3 : 1
    let operands = try withSeed(8) {
      [
        try Tensor.normal([batch, steps, gates * units], on: device) * 0.5,
        try Tensor.normal([gates * units, gates * units], on: device) * 0.1,
        try Tensor.normal([units, gates * units], on: device) * 0.2,
        try Tensor.normal([batch, units], on: device) * 0.5,
      ]
    }
    try evaluate(operands)
    func outcome(_ x: [Tensor]) throws -> [[Double]] {
      try recorded {
        let outputs =
          switch kind {
          case .simple:
            try simpleRNN(x[0], kernel: x[1], recurrentKernel: x[2], initialState: x[3]).outputs
          case .lstm:
            try lstm(
              x[0], kernel: x[1], recurrentKernel: x[2], initialState: x[3], initialCell: x[3]
            ).outputs
          case .gru:
            try gru(x[0], kernel: x[1], recurrentKernel: x[2], initialState: x[3]).outputs
          }
        let slopes = try gradients(of: outputs.sum(), for: x)
        return try ([outputs] + slopes).map {
          try $0.cast(to: .float64).scalars(as: Double.self)
        }
      }
    }
    let found = try outcome(operands)
    let expected = try outcome(operands.map { try $0.cast(to: .float64) })
    for (values, truth) in zip(found, expected) {
      let scale = truth.reduce(0) { max($0, abs($1)) }
      let worst = zip(values, truth).reduce(0) { max($0, abs($1.0 - $1.1)) }
      #expect(worst <= 2e-6 * scale, "\(worst) of \(scale)")
    }
  }
}
