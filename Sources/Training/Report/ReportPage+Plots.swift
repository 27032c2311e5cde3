internal import Formats

extension ReportPage {
  /// Curves of losses, metrics and the learning rate.
  var learning: String {
    guard !record.epochs.isEmpty else { return stepCurve }
    var cards = [card(curve("loss", "Loss"))]
    for name in record.metricNames.prefix(8) {
      cards.append(card(curve(name, name.prefix(1).uppercased() + name.dropFirst())))
    }
    let rates = record.names.filter { $0.hasPrefix("learning_rate") }.sorted()
    for name in rates {
      let values = record.values(name)
      // A rate that never changes is in the configuration already.
      guard Set(values.filter(\.isFinite)).count > 1 else { continue }
      cards.append(
        card(
          Plot.lines(
            [Series(name, values)], title: "Learning rate" + name.dropFirst(13), first: first,
            isLogarithmic: values.allSatisfy { $0 > 0 })))
    }
    return section(
      "Learning",
      "Numbers of training and validation after each epoch; the ring marks the best epoch.",
      "<div class=\"grid\">\(cards.joined())\(stepCurve)</div>")
  }

  private var first: Int { record.epochs.first?.number ?? 1 }

  private func curve(_ name: String, _ title: String) -> Plot {
    let (training, validation) = (record.values(name), record.values("val_" + name))
    var series: [Series] = []
    if training.contains(where: \.isFinite) { series.append(Series("training", training)) }
    if validation.contains(where: \.isFinite) { series.append(Series("validation", validation)) }
    return Plot.lines(
      series, title: title, best: record.best?.number, first: first)
  }

  /// The loss between epochs, where these are too few to show how it went.
  private var stepCurve: String {
    let steps = record.steps
    guard steps.count > 8, record.epochs.count < 30 else { return "" }
    // Neighbours are taken together until there are few enough to draw.
    let block = (steps.count + 299) / 300
    let means = stride(from: 0, to: steps.count, by: block).map { start -> Double in
      let part = steps[start..<min(start + block, steps.count)].map(\.loss)
      return part.reduce(0, +) / Double(part.count)
    }
    let distance = steps.count > 1 ? steps[1].step - steps[0].step : 1
    return card(
      Plot.lines(
        [Series("training", means)], title: "Training loss by step", axis: "step",
        first: steps[0].step, step: max(1, distance * block)))
  }

  /// The confusion matrix and what follows of it for each class.
  var mistakes: String {
    guard let (matrix, isValidation) = record.confusion else { return "" }
    let plot = Plot.confusion(matrix, classNames: record.classNames)
    let what = isValidation ? "validation" : "training"
    return section(
      "Classes", "Of the last epoch's \(what) data. \(worst(matrix))",
      "<div class=\"grid\">\(card(plot))<div class=\"card scroll\">\(table(matrix))</div></div>")
  }

  private func name(_ label: Int) -> String {
    record.classNames.indices.contains(label) ? record.classNames[label] : "\(label)"
  }

  private func worst(_ matrix: [[Int]]) -> String {
    var worst: (row: Int, column: Int, count: Int)?
    for row in matrix.indices {
      for column in matrix.indices where row != column && matrix[row][column] > worst?.count ?? 0 {
        worst = (row, column, matrix[row][column])
      }
    }
    guard let worst else { return "Nothing was taken for anything else." }
    return "The most frequent mistake: \(name(worst.row)) taken for \(name(worst.column)), "
      + "\(worst.count) \(worst.count == 1 ? "time" : "times")."
  }

  private func table(_ matrix: [[Int]]) -> String {
    let rows = matrix.indices.map { label -> String in
      let right = Double(matrix[label][label])
      let there = Double(matrix[label].reduce(0, +))
      let found = Double(matrix.reduce(0) { $0 + $1[label] })
      func share(_ whole: Double) -> Double { whole > 0 ? right / whole : 0 }
      let f1 = there + found > 0 ? 2 * right / (there + found) : 0
      let bar = "<span class=\"bar\" style=\"--w:\(Figures.place(f1 * 100))%\"></span>"
      return "<tr><th scope=\"row\">\(markup(name(label)))</th>"
        + "<td class=\"n\">\(Figures.fixed(share(found), 3))</td>"
        + "<td class=\"n\">\(Figures.fixed(share(there), 3))</td>"
        + "<td class=\"n\">\(bar)\(Figures.fixed(f1, 3))</td>"
        + "<td class=\"n\">\(Figures.grouped(Int(there)))</td></tr>"
    }
    return
      "<table><thead><tr><th>class</th><th class=\"n\">precision</th><th class=\"n\">recall</th>"
      + "<th class=\"n\">F1</th><th class=\"n\">samples</th></tr></thead>"
      + "<tbody>\(rows.joined())</tbody></table>"
  }

  /// Samples with what the model made of them.
  var samples: String {
    let items = record.samples.map { sample -> String in
      let picture = sample.image.map {
        "<img src=\"\($0)\" alt=\"\(markup(name(sample.label)))\"/>"
      }
      let text = sample.text.map { "<span>\(markup($0))</span>" }
      let guesses = sample.guesses.map { "\(name($0.label)) \(Figures.percent($0.probability, 0))" }
      let head = "<b>\(markup(guesses.first ?? "–"))</b>"
      let note = sample.isRight ? (guesses.dropFirst().first ?? "") : "is \(name(sample.label))"
      return "<li class=\"\(sample.isRight ? "yes" : "no")\">\(picture ?? "")\(text ?? "")\(head)"
        + "<span>\(markup(note))</span></li>"
    }
    guard !items.isEmpty else { return "" }
    let wrong = record.samples.filter { !$0.isRight }.count
    return section(
      "Samples",
      "The likeliest class of some validation samples and its probability; below it what comes "
        + "second, or what it is. \(wrong) of these \(items.count) are wrong; wrong ones are shown "
        + "more often than they occur.",
      "<ul class=\"samples\">\(items.joined())</ul>")
  }

  /// Gradients and weights.
  var inside: String {
    var cards: [String] = []
    let norms = record.series("gradient_norms").filter { $0.values.contains { $0 > 0 } }
    if !norms.isEmpty {
      cards.append(
        card(
          Plot.lines(
            Array(leading(norms).prefix(PlotStyle.seriesCount)), title: "Gradient norms",
            first: first, isLogarithmic: true)))
    }
    var small: [String] = []
    for (path, histograms) in record.histograms().filter({ $0.path.hasSuffix("ernel") }).prefix(12)
    {
      let shown = spread(histograms, over: 6).map { ("epoch \($0.epoch)", $0.histogram) }
      guard !shown.isEmpty else { continue }
      small.append(card(Plot.histograms(shown, title: path)))
    }
    let grid =
      small.isEmpty
      ? "" : "<h3>Weights over time</h3><div class=\"grid small\">\(small.joined())</div>"
    let norm = cards.isEmpty ? "" : "<div class=\"grid\">\(cards.joined())</div>"
    guard !(grid + norm).isEmpty else { return "" }
    let gap = grid.isEmpty || norm.isEmpty ? "" : "<p class=\"lead\"></p>"
    return section(
      "Inside the model",
      "Gradients that shrink or grow by orders of magnitude from layer to layer, and weights that stay "
        + "as they were, are signs of trouble.", norm + gap + grid)
  }

  /// Kernels before biases and the rest, each in the order of the model.
  private func leading(_ series: [Series]) -> [Series] {
    let kernels = series.filter { $0.name.hasSuffix("ernel") }
    return kernels.isEmpty ? series : spread(kernels, over: PlotStyle.seriesCount)
  }

  /// At most so many elements, the first and the last among them.
  private func spread<Element>(_ elements: [Element], over count: Int) -> [Element] {
    guard elements.count > count, count > 1 else { return elements }
    return (0..<count).map { elements[$0 * (elements.count - 1) / (count - 1)] }
  }

  /// Time, waiting and memory.
  var resources: String {
    var cards: [String] = []
    let operations = record.operations.sorted { $0.seconds > $1.seconds }
    let total = operations.reduce(0) { $0 + $1.seconds }
    if total > 0 {
      let bars = operations.prefix(10).map {
        (
          name: $0.name, value: $0.seconds,
          text:
            "\(Figures.fixed($0.seconds * 1e3, 2)) ms, \(Figures.percent($0.seconds / total, 0))"
        )
      }
      cards.append(card(Plot.bars(bars, title: "Operations of one step by time")))
    }
    let seconds = record.epochs.map { $0.number("seconds") ?? .nan }
    if seconds.contains(where: \.isFinite) {
      let waiting = record.epochs.map {
        ($0.number("waiting") ?? .nan) * ($0.number("seconds") ?? .nan)
      }
      let validation = record.epochs.map { $0.number("validation_seconds") ?? .nan }
      let all = [
        Series("training", seconds), Series("waiting for data", waiting),
        Series("validation", validation),
      ].filter { $0.values.contains(where: \.isFinite) }
      cards.append(card(Plot.lines(all, title: "Seconds an epoch", first: first)))
    }
    func mebibytes(_ values: [Double?]) -> [Double] { values.map { ($0 ?? .nan) / 0x1p20 } }
    func memory(_ field: String) -> [Double] {
      mebibytes(record.epochs.map { $0.object["memory"]?.object?[field]?.double })
    }
    let all = [
      Series("in use on the device", memory("in_use")),
      Series("peak on the device", memory("peak")),
      Series("process", mebibytes(record.epochs.map { $0.number("resident") })),
    ].filter { $0.values.contains(where: \.isFinite) }
    if !all.isEmpty {
      cards.append(card(Plot.lines(all, title: "Memory in MiB", first: first)))
    }
    guard !cards.isEmpty else { return "" }
    return section("Time and memory", "", "<div class=\"grid\">\(cards.joined())</div>")
  }
}
