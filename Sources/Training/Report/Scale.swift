internal import Glibc

/// Numbers laid along an axis of a picture: from data to places, and where ticks are.
struct Scale {
  let low: Double, high: Double
  let isLogarithmic: Bool
  let start: Double, end: Double

  /// A scale that shows all finite `values` with a little room; of a logarithmic one those above 0.
  init(
    _ values: [Double], isLogarithmic: Bool = false, includingZero: Bool = false,
    from start: Double, to end: Double
  ) {
    let shown = values.filter { $0.isFinite && (!isLogarithmic || $0 > 0) }
      .map { isLogarithmic ? log10($0) : $0 }
    var low = shown.min() ?? 0
    var high = shown.max() ?? 1
    if includingZero, !isLogarithmic { (low, high) = (min(low, 0), max(high, 0)) }
    if low == high {
      let room = low == 0 || isLogarithmic ? 0.5 : low.magnitude * 0.1
      (low, high) = (low - room, high + room)
    }
    let room = (high - low) * 0.04
    self.low = includingZero && low == 0 ? 0 : low - room
    self.high = high + room
    self.isLogarithmic = isLogarithmic
    self.start = start
    self.end = end
  }

  /// A scale between two numbers, just so.
  init(_ low: Double, _ high: Double, from start: Double, to end: Double) {
    self.low = low
    self.high = high > low ? high : low + 1
    isLogarithmic = false
    self.start = start
    self.end = end
  }

  /// Where a number lies; nil of what the scale cannot show.
  func place(_ value: Double) -> Double? {
    guard value.isFinite, !isLogarithmic || value > 0 else { return nil }
    let value = isLogarithmic ? log10(value) : value
    return start + (value - low) / (high - low) * (end - start)
  }

  /// Round numbers along the axis, about so many.
  func ticks(about count: Int) -> [(value: Double, text: String)] {
    let span = high - low
    if isLogarithmic, span >= 0.7, span < 2.5 {
      let decades = Int(low.rounded(.down))...Int(high.rounded(.up))
      let values = decades.flatMap { decade in [1.0, 2, 5].map { $0 * pow(10, Double(decade)) } }
      return values.filter { log10($0) >= self.low && log10($0) <= self.high }
        .map { ($0, Figures.significant($0, 1)) }
    }
    if isLogarithmic, span >= 2.5 {
      let step = max(1, ((high - low) / Double(count)).rounded(.up))
      return stride(from: (low / step).rounded(.up) * step, through: high, by: step).map {
        (pow(10, $0), $0 >= -3 && $0 <= 4 ? Figures.significant(pow(10, $0), 1) : "1e\(Int($0))")
      }
    }
    let (low, high) = isLogarithmic ? (pow(10, self.low), pow(10, self.high)) : (low, high)
    let rough = (high - low) / Double(max(count, 1))
    guard rough > 0, rough.isFinite else { return [] }
    let unit = pow(10, log10(rough).rounded(.down))
    let step = unit * ([1, 2, 5, 10].first { $0 * unit >= rough } ?? 10)
    let digits = max(0, -Int(log10(step).rounded(.down)))
    var ticks: [(Double, String)] = []
    var index = (low / step).rounded(.up)
    while index * step <= high, ticks.count < 50 {
      let value = index * step
      let text =
        digits > 5 || value.magnitude >= 1e6
        ? Figures.significant(value, 2) : Figures.fixed(value, digits)
      ticks.append((value, text))
      index += 1
    }
    return ticks
  }
}
