public import Geometry
internal import Glibc

/// What can be set of a training, and to what: for a search by grid or by chance.
///
///     let space: SearchSpace = [
///       "rate": .logarithmic(1e-4, 1e-1), "units": .integers(16...128),
///       "optimizer": .texts(["adam", "sgd"]),
///     ]
///     for setting in space.random(20, seed: 1) { … }
public struct SearchSpace: ExpressibleByDictionaryLiteral, Sendable {
  /// What one thing can be set to.
  public enum Range: Sendable {
    case numbers([Double])
    case texts([String])
    case integers(ClosedRange<Int>)
    /// Evenly distributed.
    case uniform(Double, Double)
    /// Its logarithm evenly distributed: for rates. Both ends are positive.
    case logarithmic(Double, Double)
  }

  private let ranges: [(name: String, range: Range)]

  public init(dictionaryLiteral elements: (String, Range)...) {
    ranges = elements.map { ($0, $1) }
  }

  public init(_ ranges: [String: Range]) {
    self.ranges = ranges.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// Every combination, the last name changing fastest.
  ///
  /// - Parameter points: how many points there are on a range without end points of its own.
  /// - Throws: `TensorError` if there are more than a million.
  public func grid(points: Int = 5) throws(TensorError) -> [Setting] {
    var settings: [[String: Setting.Value]] = [[:]]
    for (name, range) in ranges {
      let values = try Self.points(range, points, name)
      guard settings.count * values.count <= 1_000_000 else {
        throw TensorError(
          .argument, "grid", "more than a million combinations", hint: "random(_:seed:)")
      }
      settings = settings.flatMap { setting in
        values.map { value in setting.merging([name: value]) { _, new in new } }
      }
    }
    return settings.map(Setting.init)
  }

  /// That many combinations drawn by chance; the same for the same seed.
  public func random(_ count: Int, seed: UInt64) throws(TensorError) -> [Setting] {
    var settings: [Setting] = []
    for number in 0..<max(0, count) {
      var values: [String: Setting.Value] = [:]
      for (place, (name, range)) in ranges.enumerated() {
        let bits = trialSeed(trialSeed(seed, number), place)
        values[name] = try Self.draw(range, bits, name)
      }
      settings.append(Setting(values))
    }
    return settings
  }

  private static func points(
    _ range: Range, _ count: Int, _ name: String
  ) throws(TensorError) -> [Setting.Value] {
    try check(range, name)
    switch range {
    case .numbers(let numbers): return numbers.map { .number($0) }
    case .texts(let texts): return texts.map { .text($0) }
    case .integers(let integers):
      guard integers.count > max(2, count) else { return integers.map { .number(Double($0)) } }
      let step = Double(integers.count - 1) / Double(max(2, count) - 1)
      return (0..<max(2, count)).map {
        .number(Double(integers.lowerBound) + (Double($0) * step).rounded())
      }
    case .uniform(let low, let high):
      return (0..<max(2, count)).map {
        .number(low + (high - low) * Double($0) / Double(max(2, count) - 1))
      }
    case .logarithmic(let low, let high):
      return (0..<max(2, count)).map {
        .number(low * pow(high / low, Double($0) / Double(max(2, count) - 1)))
      }
    }
  }

  private static func draw(
    _ range: Range, _ bits: UInt64, _ name: String
  ) throws(TensorError) -> Setting.Value {
    try check(range, name)
    func below(_ bound: Int) -> Int { Int(bits.multipliedFullWidth(by: UInt64(bound)).high) }
    let share = Double(bits >> 11) * 0x1p-53
    switch range {
    case .numbers(let numbers): return .number(numbers[below(numbers.count)])
    case .texts(let texts): return .text(texts[below(texts.count)])
    case .integers(let integers):
      return .number(Double(integers.lowerBound + below(integers.count)))
    case .uniform(let low, let high): return .number(low + (high - low) * share)
    case .logarithmic(let low, let high): return .number(low * pow(high / low, share))
    }
  }

  private static func check(_ range: Range, _ name: String) throws(TensorError) {
    let isRight =
      switch range {
      case .numbers(let numbers): !numbers.isEmpty
      case .texts(let texts): !texts.isEmpty
      case .integers(let integers): integers.count < Int(Int32.max)
      case .uniform(let low, let high): low <= high && low.isFinite && high.isFinite
      case .logarithmic(let low, let high): low > 0 && low <= high && high.isFinite
      }
    guard isRight else {
      throw TensorError(.argument, "search", "nothing can be drawn for \"\(name)\" from \(range)")
    }
  }
}

/// One combination of a search.
public struct Setting: Sendable, Hashable, CustomStringConvertible {
  public enum Value: Sendable, Hashable {
    case number(Double)
    case text(String)
  }

  public let values: [String: Value]

  public init(_ values: [String: Value]) { self.values = values }

  /// The number called `name`.
  public func number(_ name: String) throws(TensorError) -> Double {
    guard case .number(let number) = values[name] else { throw missing(name, "number") }
    return number
  }

  public func integer(_ name: String) throws(TensorError) -> Int {
    guard let integer = Int(exactly: try number(name)) else { throw missing(name, "integer") }
    return integer
  }

  public func text(_ name: String) throws(TensorError) -> String {
    guard case .text(let text) = values[name] else { throw missing(name, "text") }
    return text
  }

  private func missing(_ name: String, _ kind: String) -> TensorError {
    TensorError(
      .argument, "search", "there is no \(kind) called \"\(name)\" in this space",
      hint: "there are \(values.keys.sorted().joined(separator: ", "))")
  }

  /// `rate 0.0100, units 32.000`
  public var description: String {
    values.sorted { $0.key < $1.key }.map { name, value in
      switch value {
      case .number(let number):
        Int(exactly: number).map { "\(name) \($0)" } ?? "\(name) \(ProgressLine.number(number))"
      case .text(let text): "\(name) \(text)"
      }
    }.joined(separator: ", ")
  }
}
