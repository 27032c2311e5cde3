internal import Foundation
internal import Geometry
internal import Tensors

/// Softmax and its logarithm.
enum SoftmaxCases {
  static let records: [OperationRecord] = [
    record("softmax") {
      try softmax($0, axis: $1)
    } _: { row, total, largest in
      row.map { total == 0 ? 0 : Foundation.exp($0 - largest) / total }
    },
    record("logSoftmax") {
      try logSoftmax($0, axis: $1)
    } _: { row, total, largest in
      row.map { total == 0 ? -.infinity : $0 - largest - Foundation.log(total) }
    },
  ]

  /// The elements along the axis, the sum of their exponentials, and what was subtracted first.
  private typealias Naive =
    @Sendable (_ row: [Double], _ total: Double, _ largest: Double)
    -> [Double]

  /// Rows shorter and longer than those that are turned over, columns beside each other up to more
  /// than one block of them, and rows so long that they are cut.
  private static let forms: [([Int], Int)] = [
    ([1], 0), ([2], 0), ([7], -1), ([24], 0), ([25], 0), ([32], 0), ([33], -1), ([64], 0),
    ([257], 0), ([2051], 0), ([5, 10], -1), ([65, 10], 1), ([130, 3], 1), ([3, 5], 0),
    ([7, 1], 1), ([2, 3, 4], 1), ([2, 3, 4], 0), ([2, 3, 4], -1), ([2, 5, 64], 1),
    ([2, 5, 65], 1), ([1, 3, 130], 1), ([2, 1, 3, 1, 2, 1, 2, 2], 2), ([0, 3], 1), ([3, 0], 1),
    ([0, 3], 0), ([9, 1000], 1),
  ]

  private static let extremes: [Double] = [1e4, -1e4, 9999, 0, 1e4, 3, -9999]
  private static let infinities: [Double] = [0, -.infinity, 2, -.infinity, -.infinity, 1]

  private static func record(
    _ name: String, call: @escaping @Sendable (Tensor, Int) throws -> Tensor,
    _ naive: @escaping Naive
  ) -> OperationRecord {
    func sample(
      _ shape: [Int], _ axis: Int, _ index: Int, _ type: ScalarType = .float32,
      _ values: Values = .normal(2), view: Input.View = .plain
    ) -> Sample {
      let length = shape[axis < 0 ? axis + shape.count : axis]
      return Sample(
        name, "axis \(axis)",
        [Input(shape, type, values, view: view, seed: seeded(name, index))],
        differentiable: [0], tolerance: .scaled(16), operations: 10 * Double(shape.reduce(1, *)),
        call: { [try call($0[0], axis)] }, reference: { [along($0[0], axis, naive)] }
      ).with {
        $0.gradientTolerance = .scaled(64)
        // Of one element the softmax is 1 whatever it is.
        $0.mayBeZero = length < 2
      }
    }
    var samples = forms.enumerated().map { index, form in sample(form.0, form.1, index) }
    samples.append(
      sample([2, 70_000], 1, 40).with {
        $0.runsEverywhere = false
        $0.gradientTolerance = .scaled(512)
      })
    for (index, shape) in [[4, 7], [3, 49]].enumerated() {
      samples.append(
        sample(shape, index, 50 + index, .float32, .list(extremes)).with {
          $0.isSmooth = false
          $0.mayBeZero = true
        })
    }
    for (index, form) in [([2, 6], 1), ([6, 2], 0), ([2, 30], 1)].enumerated() {
      samples.append(
        sample(form.0, form.1, 60 + index, .float32, .list(infinities)).with {
          $0.isSmooth = false
          $0.comparesGradients = false
          $0.mayBeZero = true
          $0.mayBeNaN = true
        })
    }
    samples.append(
      sample([3, 5], 1, 70, .float32, .constant(-.infinity)).with {
        $0.isSmooth = false
        $0.comparesGradients = false
        $0.mayBeZero = true
        $0.mayBeNaN = true
      })
    for (index, view) in Input.View.allCases.dropFirst().enumerated() {
      samples.append(
        sample([5, 3, 4], 1, 100 + index, view: view).with {
          $0.runsEverywhere = view == .permuted
        })
    }
    for (index, type) in Shapes.everyFloat.enumerated() {
      for (number, form) in [([5, 7], 1), ([5, 7], 0), ([3, 40], 1)].enumerated() {
        samples.append(sample(form.0, form.1, 200 + 3 * index + number, type))
      }
    }
    return OperationRecord(
      name, family: "Softmax", samples: samples,
      badCalls: BadCall.axis { _ = try call($0, $1) }
        + BadCall.types([.int32, .bool], shapes: [[3], [2, 3], [0, 4]]) {
          _ = try call($0[0], -1)
        },
      benchmarks: [
        sample([4096, 1000], 1, 800), sample([32, 1000, 64], 1, 801), sample([65536, 10], 1, 802),
      ])
  }

  private static func along(_ x: Reference, _ axis: Int, _ naive: Naive) -> Reference {
    let axis = axis < 0 ? axis + x.rank : axis
    let count = x.shape[axis]
    let inner = x.shape[(axis + 1)...].reduce(1, *)
    let outer = x.shape[..<axis].reduce(1, *)
    var result = x
    for o in 0..<outer {
      for i in 0..<inner {
        let places = (0..<count).map { (o * count + $0) * inner + i }
        let row = places.map { x.values[$0] }
        let found = row.max() ?? 0
        let largest = found.isFinite ? found : 0
        let total = row.reduce(0) { $0 + Foundation.exp($1 - largest) }
        for (place, value) in zip(places, naive(row, total, largest)) {
          result.values[place] = value
        }
      }
    }
    return result
  }
}
