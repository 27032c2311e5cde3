extension Plot {
  /// How often values fall into intervals of equal width; those not finite are left out.
  public static func histogram(_ values: [Double], title: String, bins: Int = 32) -> Plot {
    Plot.histogram(Histogram(values, bins: bins), title: title)
  }

  /// A histogram that has been counted already.
  static func histogram(_ histogram: Histogram, title: String) -> Plot {
    HistogramPlot(title: title, histograms: [(nil, histogram)]).plot
  }

  /// Histograms of one thing at several times, the first at the back.
  static func histograms(_ histograms: [(time: String, histogram: Histogram)], title: String)
    -> Plot
  {
    HistogramPlot(title: title, histograms: histograms.map { ($0.time, $0.histogram) }).plot
  }
}

/// How often values fall into intervals of equal width.
struct Histogram: Sendable {
  let low: Double, high: Double
  let counts: [Int]

  init(low: Double, high: Double, counts: [Int]) {
    self.low = low
    self.high = high
    self.counts = counts
  }

  init(_ values: [Double], bins: Int) {
    let values = values.filter(\.isFinite)
    let (low, high) = (values.min() ?? 0, values.max() ?? 0)
    let span = high - low
    // A span too wide or too narrow for double precision is one interval.
    let bins =
      span.isFinite && span / Double(max(bins, 1)) >= .leastNormalMagnitude ? max(bins, 1) : 1
    let width = span.isFinite && span > 0 ? span / Double(bins) : 1
    var counts = [Int](repeating: 0, count: bins)
    for value in values {
      counts[bins == 1 ? 0 : min(bins - 1, Int((value - low) / width))] += 1
    }
    self.init(low: low, high: low + width * Double(counts.count), counts: counts)
  }

  /// Where the middle of an interval is.
  func middle(_ index: Int) -> Double {
    low + (high - low) * (Double(index) + 0.5) / Double(max(counts.count, 1))
  }

  /// The share of the values in an interval, for a width of one: comparable between histograms.
  func density(_ index: Int) -> Double {
    let total = counts.reduce(0, +)
    let width = (high - low) / Double(max(counts.count, 1))
    return total == 0 || width <= 0 ? 0 : Double(counts[index]) / Double(total) / width
  }
}

private struct HistogramPlot {
  let title: String
  let histograms: [(time: String?, histogram: Histogram)]

  private let left = 4.0, right = 262.0
  private let width = 320.0

  var plot: Plot {
    var canvas = Canvas()
    canvas.text(title.shortened(to: 44), 0, 16, "h")
    let rise = histograms.count > 1 ? 14.0 : 0
    let tallest = 64.0
    let top = 34 + tallest
    let base = top + rise * Double(histograms.count - 1)
    let all = histograms.map(\.histogram)
    let low = all.map(\.low).min() ?? 0
    let high = all.map(\.high).max() ?? 1
    let across = Scale(low, high, from: left, to: right)
    for tick in across.ticks(about: 4) {
      guard let x = across.place(tick.value) else { continue }
      canvas.line(x, 30, x, base, "g")
      canvas.text(tick.text, x, base + 16, "s", anchor: "middle")
    }
    let highest = all.flatMap { h in h.counts.indices.map(h.density) }.max() ?? 1
    for (number, entry) in histograms.enumerated() {
      let floor = top + rise * Double(number)
      draw(entry.histogram, floor, tallest / max(highest, 1e-300), across, &canvas)
      if let time = entry.time { canvas.text(time, right + 8, floor, "s") }
    }
    let label =
      "\(title): values between \(Figures.significant(low)) and \(Figures.significant(high))"
    return Plot(width: width, height: base + 24, label: label, body: canvas.body)
  }

  private func draw(
    _ histogram: Histogram, _ floor: Double, _ scale: Double, _ across: Scale,
    _ canvas: inout Canvas
  ) {
    guard let start = across.place(histogram.low), let end = across.place(histogram.high) else {
      return
    }
    var points = [(x: start, y: floor)]
    for index in histogram.counts.indices {
      let x = across.place(histogram.middle(index)) ?? start
      points.append((x, floor - histogram.density(index) * scale))
    }
    points.append((end, floor))
    canvas.area(points, "ridge")
    canvas.curve(points, "l1 thin")
  }
}
