internal import Geometry
internal import Synchronization

/// Where random tensors draw from: a seed and a counter that moves on with each draw.
///
/// The numbers depend on the seed and on the order of the draws only, never on the device or the
/// number of threads. They are bound when an operation is recorded: computing it twice gives the
/// same numbers.
public final class RandomSource: Sendable {
  /// What its numbers follow from.
  public let seed: UInt64
  private let counter: Atomic<UInt64>

  /// A source at its beginning.
  public init(seed: UInt64) {
    self.seed = seed
    counter = Atomic(0)
  }

  /// How far the source has been drawn from; saved and restored with a training run.
  public var position: UInt64 {
    get { counter.load(ordering: .relaxed) }
    set { counter.store(newValue, ordering: .relaxed) }
  }

  /// The source of the innermost `withSeed`, else one that starts at seed 0 with the process.
  public static var current: RandomSource { scoped ?? standard }

  @TaskLocal static var scoped: RandomSource?
  private static let standard = RandomSource(seed: 0)

  /// Counters for that many numbers: each stands for four.
  func draw(_ count: Int) -> UInt64 {
    counter.add(UInt64((count + 3) / 4), ordering: .relaxed).oldValue
  }
}

/// Runs `body` with random tensors drawn from a source that begins at `seed`.
public func withSeed<Result>(_ seed: UInt64, _ body: () throws -> Result) rethrows -> Result {
  try withRandomSource(RandomSource(seed: seed), body)
}

/// Runs `body` with random tensors drawn from `source`.
public func withRandomSource<Result>(
  _ source: RandomSource, _ body: () throws -> Result
) rethrows -> Result {
  try RandomSource.$scoped.withValue(source, operation: body)
}
