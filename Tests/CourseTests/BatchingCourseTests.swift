import Apus
import Formats
import Geometry
import TestSupport
import Testing

/// Batches, their order, and folds.
@Suite struct BatchingCourseTests {
  static let solutions: [String: Solution] = [
    "000-q2-padded-batch": padded, "000-q3-pipeline-order": order,
    "002-t13-shuffle-after-batch": shuffleBehindBatch, "004-ws21-8d-kfold": folds,
    "004-mid21-1c-batches": countOfBatches,
  ]

  @Test(arguments: solutions.keys.sorted(), TestDevice.allCases)
  func agrees(_ id: String, _ device: TestDevice) throws {
    try Course.check(id, on: device, try #require(Self.solutions[id]))
  }

  @Sendable private static func padded(_ problem: CourseCase) throws -> [String: any Answer] {
    let sequences = try problem["sequences"].list().map { try $0.tensor() }
    let data = Dataset(try sequences.map { Example(input: try Values($0)) })
    let batches = try data.paddedBatch(
      problem.count("batch_size"), fill: problem.number("pad_value")
    ).elements()
    let batch = try batches[0].inputs[0].moved(to: .current)
    return ["shape": batch.shape, "batch": batch]
  }

  /// Numbered elements in batches, shuffled before they are put into batches or behind that.
  private struct Batches {
    let shuffledFirst: [[Int]], shuffledLast: [[Int]]

    init(_ problem: CourseCase) throws {
      let numbers = Dataset(Array(0..<(try problem.count("items"))))
      let size = try problem.count("batch_size")
      let drops = problem["drop_remainder"].boolean ?? false
      shuffledFirst = try numbers.shuffled(seed: 7).chunked(size, dropRemainder: drops)
        .prefetched(2).elements()
      shuffledLast = try numbers.chunked(size, dropRemainder: drops).shuffled(seed: 7)
        .prefetched(2).elements()
    }

    /// Whether each batch holds neighbours in their order.
    static func areRuns(_ batches: [[Int]]) -> Bool {
      batches.allSatisfy { batch in zip(batch, batch.dropFirst()).allSatisfy { $1 == $0 + 1 } }
    }

    var lastShuffleKeepsRuns: Bool { Self.areRuns(shuffledLast) && !Self.areRuns(shuffledFirst) }
  }

  @Sendable private static func order(_ problem: CourseCase) throws -> [String: any Answer] {
    let batches = try Batches(problem)
    let sizes = batches.shuffledFirst.map(\.count)
    let all = batches.shuffledFirst.flatMap(\.self).sorted()
    // The order that the question asks for is the one whose batches are no runs.
    let order = ["shuffle", "batch", "prefetch"]
    return [
      "order": Batches.areRuns(batches.shuffledFirst) ? [] : order, "batches": sizes.count,
      "batch_sizes_sorted": sizes.sorted(),
      "batch_then_shuffle_keeps_runs": batches.lastShuffleKeepsRuns,
      "multiset_preserved": all == Array(0..<(try problem.count("items"))),
    ]
  }

  @Sendable private static func shuffleBehindBatch(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    let batches = try Batches(problem)
    // What the listing makes of images of digits: bytes as floats, unscaled, in one row each.
    let bytes = (0..<(2 * 28 * 28)).map { UInt8(truncatingIfNeeded: $0) }
    let images = try Tensor(bytes, shape: [2, 28, 28]).cast(to: .float32)
    let labels = try oneHot(Tensor([3, 9] as [Int32], shape: [2]), depth: 10)
    let sizes = try Batches(problem).shuffledFirst.map(\.count)
    return [
      "batches": sizes.count, "last_batch": sizes.last ?? 0,
      "batch_then_shuffle_keeps_runs": batches.lastShuffleKeepsRuns,
      "one_hot_width": labels.shape[1], "flat_pixels": try Flatten()(images).shape[1],
      "pixel_max_after_cast": try images.max(),
    ]
  }

  @Sendable private static func folds(_ problem: CourseCase) throws -> [String: any Answer] {
    let items = try problem.count("items")
    let count = try problem.count("folds")
    let data = Dataset(Array(0..<items))
    // Without shuffling folds are neighbours; the first are one larger where it does not come out
    // even.
    var (validation, training): ([[Int]], [[Int]]) = ([], [])
    var start = 0
    for fold in 0..<count {
      let range = start..<(start + items / count + (fold < items % count ? 1 : 0))
      validation.append(try data.filter { range.contains($0) }.elements())
      training.append(try data.filter { !range.contains($0) }.elements())
      start = range.upperBound
    }
    for (held, rest) in zip(validation, training) {
      #expect((held + rest).sorted() == Array(0..<items))
    }
    let scores = try problem["fold_scores"].numbers()
    return [
      "validation_folds": validation, "train_sizes": training.map(\.count),
      "each_held_out_once": validation.flatMap(\.self).sorted() == Array(0..<items),
      "score": scores.reduce(0, +) / Double(scores.count),
    ]
  }

  @Sendable private static func countOfBatches(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    let batches = Dataset(Array(0..<(try problem.count("items"))))
      .chunked(try problem.count("batch_size"))
    let epochs = try problem.count("epochs")
    var (updates, samples) = (0, 0)
    var sizes: [Int] = []
    for epoch in 0..<epochs {
      sizes = try batches.elements(epoch: epoch).map(\.count)
      updates += sizes.count
      samples += sizes.reduce(0, +)
    }
    return [
      "last_batch": sizes.last ?? 0, "updates_per_epoch": sizes.count,
      "samples_forward_per_epoch": sizes.reduce(0, +), "updates_in_training": updates,
      "samples_forward_in_training": samples,
    ]
  }
}
