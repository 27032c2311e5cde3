extension Plot {
  /// Curves of numbers over epochs, or over anything that counts, with a legend.
  ///
  /// - Parameters:
  ///   - series: the curves, with the names in the legend.
  ///   - title: the line above the plot.
  ///   - axis: what is counted, written below the plot.
  ///   - best: the place along the axis that is marked, on the last series.
  ///   - first: the number of the first place.
  ///   - step: how far places are apart.
  ///   - isLogarithmic: whether numbers are on a logarithmic scale.
  public static func lines(
    _ series: [Series], title: String, axis: String = "epoch", best: Int? = nil, first: Int = 1,
    step: Int = 1, isLogarithmic: Bool = false
  ) -> Plot {
    LinePlot(
      series: series, title: title, axis: axis, best: best, first: first, step: max(step, 1),
      isLogarithmic: isLogarithmic
    ).plot
  }
}

private struct LinePlot {
  let series: [Series]
  let title: String
  let axis: String
  let best: Int?
  let first: Int, step: Int
  let isLogarithmic: Bool

  private let width = 480.0
  private let left = 50.0, right = 466.0, bottom = 36.0

  private var count: Int { series.map(\.values.count).max() ?? 0 }

  var plot: Plot {
    var canvas = Canvas()
    canvas.text(title, 0, 16, "h")
    let legendRows = legend(&canvas)
    let top = 34 + Double(legendRows) * 18
    let base = top + 190
    let last = first + max(count - 1, 0) * step
    let across = Scale(Double(first), Double(last), from: left, to: right)
    let up = Scale(
      series.flatMap(\.values), isLogarithmic: isLogarithmic, from: base, to: top)
    grid(&canvas, across, up, top, base)
    for (number, series) in series.enumerated() {
      draw(series, plotColor(number), across, up, &canvas)
    }
    mark(&canvas, across, up, top, base)
    return Plot(width: width, height: base + bottom, label: label, body: canvas.body)
  }

  private func x(_ index: Int, _ across: Scale) -> Double {
    // Of a single point there is no axis to lie on: it stands in the middle.
    count < 2 ? (left + right) / 2 : across.place(Double(first + index * step)) ?? left
  }

  private var label: String {
    let ends = series.map { series in
      let last = series.values.last { $0.isFinite }
      return "\(series.name) ends at \(last.map { Figures.significant($0) } ?? "nothing")"
    }
    return "\(title) by \(axis): \(ends.joined(separator: ", "))"
  }

  /// Names beside samples of the strokes; returns how many rows they took.
  private func legend(_ canvas: inout Canvas) -> Int {
    guard series.count > 1 else { return 0 }
    var (x, row) = (0.0, 0)
    for (number, series) in series.enumerated() {
      let name = series.name.shortened(to: 34)
      let needed = 30 + Double(name.count) * 6.6
      if x > 0, x + needed > width {
        x = 0
        row += 1
      }
      let y = 34 + Double(row) * 18
      canvas.line(x + 1, y - 4, x + 17, y - 4, "l\(plotColor(number))")
      canvas.text(name, x + 23, y, "k")
      x += needed + 10
    }
    return row + 1
  }

  private func grid(
    _ canvas: inout Canvas, _ across: Scale, _ up: Scale, _ top: Double, _ base: Double
  ) {
    for tick in up.ticks(about: 5) {
      guard let y = up.place(tick.value), y <= base + 0.5, y >= top - 0.5 else { continue }
      canvas.line(left, y, right, y, "g")
      canvas.text(tick.text, left - 8, y + 4, anchor: "end")
    }
    canvas.line(left, base, right, base, "a")
    if count < 2 {
      canvas.text("\(first)", (left + right) / 2, base + 16, anchor: "middle")
    } else {
      for tick in across.ticks(about: 8) where tick.value == tick.value.rounded() {
        guard let x = across.place(tick.value) else { continue }
        canvas.text(Figures.fixed(tick.value, 0), x, base + 16, anchor: "middle")
      }
    }
    canvas.text(axis, right, base + 32, "s", anchor: "end")
  }

  private func draw(
    _ series: Series, _ color: Int, _ across: Scale, _ up: Scale, _ canvas: inout Canvas
  ) {
    let points = series.values.enumerated().map { index, value in
      up.place(value).map { (x: x(index, across), y: $0) }
    }
    canvas.curve(points, "l\(color)")
    guard points.count <= 40 else { return }
    for point in points.compactMap(\.self) { canvas.circle(point.x, point.y, 2.6, "f\(color)") }
  }

  private func mark(
    _ canvas: inout Canvas, _ across: Scale, _ up: Scale, _ top: Double, _ base: Double
  ) {
    guard let best, let number = series.indices.last else { return }
    let (index, rest) = (best - first).quotientAndRemainder(dividingBy: step)
    guard rest == 0, series[number].values.indices.contains(index),
      let y = up.place(series[number].values[index])
    else { return }
    let x = x(index, across)
    canvas.line(x, top, x, base, "b")
    canvas.circle(x, y, 5, "ring r\(plotColor(number))")
    let text = "\(Figures.significant(series[number].values[index])) in \(axis) \(best)"
    let isLeft = x > (left + right) / 2
    // Beside the line, at the end of it that is farther from the point.
    let textY = y - top > base - y ? top + 10 : base - 8
    canvas.text(text, x + (isLeft ? -7 : 7), textY, "k s", anchor: isLeft ? "end" : "start")
  }
}

/// The number of the colour of a series, from 1.
func plotColor(_ number: Int) -> Int { number % PlotStyle.seriesCount + 1 }

extension String {
  /// At most so many characters, an ellipsis in the middle if it was more.
  func shortened(to length: Int) -> String {
    guard count > length, length > 2 else { return self }
    let front = (length - 1) / 2
    return prefix(front) + "…" + suffix(length - 1 - front)
  }
}
