internal import Glibc

/// A column of a table: its title and how wide it is; numbers stand at the right.
struct Column {
  let title: String
  let width: Int
  let isNumber: Bool

  static func text(_ title: String, _ width: Int) -> Column {
    Column(title: title, width: width, isNumber: false)
  }

  static func number(_ title: String, _ width: Int) -> Column {
    Column(title: title, width: width, isNumber: true)
  }
}

/// A table whose lines are printed one by one, before the later ones are known.
struct Table {
  let columns: [Column]

  /// A table as wide as `rows` need.
  init(fitting rows: [[String]], _ columns: [Column]) {
    self.columns = columns.enumerated().map { index, column in
      let widest = rows.map { $0[index].count }.max() ?? 0
      return Column(
        title: column.title, width: max(widest, column.title.count), isNumber: column.isNumber)
    }
  }

  init(_ columns: [Column]) { self.columns = columns }

  var header: String { line(columns.map(\.title)) }

  func line(_ cells: [String]) -> String {
    var text = ""
    for (column, cell) in zip(columns, cells) {
      if !text.isEmpty { text += "  " }
      text += column.isNumber ? cell.leftPadded(to: column.width) : cell.padded(to: column.width)
    }
    while text.last == " " { text.removeLast() }
    return text
  }
}

extension String {
  func padded(to width: Int) -> String { self + spaces(width - count) }
  func leftPadded(to width: Int) -> String { spaces(width - count) + self }

  private func spaces(_ count: Int) -> String { String(repeating: " ", count: max(count, 0)) }
}

extension Double {
  /// The value rounded to this many significant decimal digits.
  func rounded(significant digits: Int) -> Double {
    guard isFinite, self != 0 else { return self }
    // The logarithm of a finite number that is not zero lies between -324 and 309.
    let exponent = Int(log10(magnitude).rounded(.down))
    let scale = pow(10, Double(digits - 1 - exponent))
    guard scale.isFinite, scale > 0 else { return self }
    let rounded = (self * scale).rounded() / scale
    return rounded.isFinite ? rounded : self
  }
}
