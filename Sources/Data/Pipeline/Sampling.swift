public import Geometry

extension Dataset {
  /// Elements drawn with replacement, each as often as its weight says, anew in each epoch.
  ///
  /// - Parameters:
  ///   - weights: one an element; they need not add up to 1.
  ///   - count: how many are drawn in a pass; as many as there are elements if nil.
  ///   - seed: decides what is drawn, together with the epoch.
  public func sampled(
    weights: [Double], count: Int? = nil, seed: UInt64
  ) throws(TensorError) -> Dataset {
    let table = try WeightTable(weights, "sampled")
    if let known = self.count, known != weights.count {
      throw TensorError(
        .argument, "sampled", "\(weights.count) weights for \(known) elements")
    }
    let note = "\(count ?? weights.count) seed \(seed) weights \(checksum(weights))"
    let seed = Random.seed(seed, for: "sampled")
    return Dataset(
      ChoiceStage(
        upstream: stage, count: count ?? weights.count, operation: "sampled", note: note
      ) {
        (pass, epoch) throws(TensorError) -> [Int32] in
        guard pass.total == weights.count else {
          throw TensorError(
            .argument, "sampled", "\(weights.count) weights for \(pass.total) elements")
        }
        var random = Random(seed: seed, epoch: epoch)
        return (0..<(count ?? weights.count)).map { _ in Int32(table.draw(&random)) }
      })
  }

  /// Elements drawn so that each class is as frequent as any other, anew in each epoch.
  ///
  /// The class of every element is asked for at the start of a pass: put this before costly steps.
  public func balanced(
    count: Int? = nil, seed: UInt64, by classOf: @escaping @Sendable (Element) throws -> Int
  ) -> Dataset {
    let note = (count.map { "\($0) " } ?? "") + "seed \(seed)"
    let seed = Random.seed(seed, for: "balanced")
    return Dataset(
      ChoiceStage(upstream: stage, count: count ?? self.count, operation: "balanced", note: note) {
        (pass, epoch) throws(TensorError) -> [Int32] in
        let classes = try pass.classes("balanced", classOf)
        var members: [Int: [Int32]] = [:]
        for (number, name) in classes.enumerated() {
          members[name, default: []].append(Int32(number))
        }
        let groups = members.sorted { $0.key < $1.key }.map(\.value)
        guard !groups.isEmpty else { return [] }
        var random = Random(seed: seed, epoch: epoch)
        return (0..<(count ?? pass.total)).map { _ in
          let group = groups[random.below(groups.count)]
          return group[random.below(group.count)]
        }
      })
  }

  /// Elements of several data sets, each time of one drawn by its weight, anew in each epoch.
  ///
  /// The pass ends when the set that was drawn has no more elements: `repeated()` sets go on.
  public static func mixed(
    _ sets: [Dataset], weights: [Double]? = nil, seed: UInt64
  ) throws(TensorError) -> Dataset {
    let weights = weights ?? sets.map { _ in 1 }
    let table = try WeightTable(weights, "mixed")
    guard table.count == sets.count else {
      throw TensorError(.argument, "mixed", "\(table.count) weights for \(sets.count) data sets")
    }
    return Dataset(
      MixtureStage(
        sets: sets.map(\.stage), name: "mixed seed \(seed) weights \(checksum(weights))",
        table: table, seed: Random.seed(seed, for: "mixed")))
  }
}

extension Dataset where Element == Example {
  /// Examples drawn so that each label is as frequent as any other, anew in each epoch.
  public func balanced(count: Int? = nil, seed: UInt64) -> Dataset {
    balanced(count: count, seed: seed) { try $0.requiredLabel("balanced") }
  }
}

extension Example {
  func requiredLabel(_ operation: String) throws(TensorError) -> Int {
    guard let label else {
      throw TensorError(.argument, operation, "the example has no target that names its class")
    }
    return label
  }
}

extension IndexedPass {
  /// The class of every element. Examples in columns are read in groups.
  func classes(
    _ operation: String, _ classOf: (Element) throws -> Int
  ) throws(TensorError) -> [Int] {
    var classes: [Int] = []
    classes.reserveCapacity(total)
    for index in 0..<total {
      let element = try element(at: index)
      do { classes.append(try classOf(element)) } catch {
        throw .element(origin(of: index), operation, error)
      }
    }
    return classes
  }
}

/// Numbers that are drawn as often as their weights say.
struct WeightTable: Sendable {
  private let sums: [Double]

  var count: Int { sums.count }

  init(_ weights: [Double], _ operation: String) throws(TensorError) {
    var sums: [Double] = []
    var sum = 0.0
    for (number, weight) in weights.enumerated() {
      guard weight.isFinite, weight >= 0 else {
        throw TensorError(.argument, operation, "weight \(number) is \(weight)")
      }
      sum += weight
      sums.append(sum)
    }
    guard sum > 0, sum.isFinite else {
      throw TensorError(.argument, operation, "the weights add up to \(sum)")
    }
    self.sums = sums
  }

  func draw(_ random: inout Random) -> Int {
    let unit = Double(random.next() >> 11) * 0x1p-53
    let point = unit * (sums.last ?? 0)
    // The first sum above the point: never that of a weight of 0.
    var low = 0
    var high = sums.count - 1
    while low < high {
      let middle = (low + high) / 2
      if sums[middle] > point { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

private struct MixtureStage<Element: Sendable>: Stage {
  let sets: [any Stage<Element>]
  let name: String
  let table: WeightTable
  let seed: UInt64

  var count: Int? { nil }
  var outline: [String] { [joined(name, sets.map(\.outline))] }

  var ahead: Ahead {
    sets.reduce(.none) { $0.joined(with: $1.ahead) }
  }

  func pass(_ epoch: Int) throws(TensorError) -> Pass<Element> {
    var pullers: [any Puller<Element>] = []
    for set in sets { pullers.append(try set.pass(epoch).puller()) }
    return .stream(MixturePuller(pullers, table, Random(seed: seed, epoch: epoch)))
  }
}

private final class MixturePuller<Element: Sendable>: Puller {
  private let sets: [any Puller<Element>]
  private let table: WeightTable
  private var random: Random

  init(_ sets: [any Puller<Element>], _ table: WeightTable, _ random: Random) {
    self.sets = sets
    self.table = table
    self.random = random
  }

  func next() throws(TensorError) -> Pending<Element>? {
    try sets[table.draw(&random)].next()
  }
}
