extension Plot {
  /// How often each class was taken for each: a row what is there, a column what was predicted.
  /// What is right has one colour, what is wrong another; the stronger, the larger its share of the
  /// row.
  public static func confusion(
    _ matrix: [[Int]], classNames: [String] = [], title: String = "Confusion matrix"
  ) -> Plot {
    ConfusionPlot(matrix: matrix, classNames: classNames, title: title).plot
  }
}

private struct ConfusionPlot {
  let matrix: [[Int]]
  let classNames: [String]
  let title: String

  private var classes: Int { matrix.count }
  private var cell: Double { max(4, min(40, 392 / Double(max(classes, 1)))) }
  /// Whether there is room for numbers, and for names.
  private var hasNumbers: Bool { cell >= 24 }
  private var hasNames: Bool { cell >= 11 }

  func name(_ index: Int) -> String {
    classNames.indices.contains(index) ? classNames[index] : "\(index)"
  }

  var plot: Plot {
    var canvas = Canvas()
    canvas.text(title, 0, 16, "h")
    let names = (0..<classes).map { name($0).shortened(to: 14) }
    let nameWidth = hasNames ? Double(names.map(\.count).max() ?? 0) * 6.3 + 10 : 8
    let (left, top) = (18 + nameWidth, 34.0)
    let side = cell * Double(classes)
    canvas.rectangle(left, top, side, side, "e")
    for row in 0..<classes {
      let total = matrix[row].reduce(0, +)
      let y = top + Double(row) * cell
      if hasNames {
        canvas.text(names[row], left - 8, y + cell / 2 + 4, anchor: "end")
        let x = left + (Double(row) + 0.5) * cell + 4
        canvas.text(names[row], x, top + side + 8, anchor: "end", turned: true)
      }
      for column in 0..<min(classes, matrix[row].count) where matrix[row][column] > 0 {
        draw(row, column, total, left, top, &canvas)
      }
    }
    canvas.text("true", 11, top + side / 2, "s", anchor: "middle", turned: true)
    let height = top + side + nameWidth + 20
    canvas.text("predicted", left + side / 2, height - 4, "s", anchor: "middle")
    let right = matrix.indices.reduce(0) { $0 + ($1 < matrix[$1].count ? matrix[$1][$1] : 0) }
    let all = matrix.joined().reduce(0, +)
    return Plot(
      width: left + side + 2, height: height,
      label: "\(title): \(right) of \(all) samples of \(classes) classes are right",
      body: canvas.body)
  }

  private func draw(
    _ row: Int, _ column: Int, _ total: Int, _ left: Double, _ top: Double, _ canvas: inout Canvas
  ) {
    let count = matrix[row][column]
    let share = Double(count) / Double(max(total, 1))
    // Small shares of errors are what one looks for: the root lifts them.
    let strength = 0.08 + 0.92 * (row == column ? share : share.squareRoot())
    let (x, y) = (left + Double(column) * cell, top + Double(row) * cell)
    let gap = cell > 8 ? 1.0 : 0
    canvas.rectangle(
      x + gap / 2, y + gap / 2, cell - gap, cell - gap, row == column ? "f1" : "f2",
      opacity: strength, rounding: gap * 2,
      tip: "\(name(row)) taken for \(name(column)): \(count), \(Figures.percent(share)) of its row")
    guard hasNumbers else { return }
    let style = (strength > 0.55 ? "on" : "k") + ("\(count)".count > 4 || cell < 32 ? " s" : "")
    canvas.text("\(count)", x + cell / 2, y + cell / 2 + 4, style, anchor: "middle")
  }
}
