internal import Geometry

extension Summary: CustomStringConvertible {
  /// A table with a line a layer and the totals below.
  public var description: String {
    let head = ["layer", "type", "output", "parameters", "multiplications", "receptive field"]
    let lines = rows.map { row in
      [
        row.path.isEmpty ? "(model)" : row.path, row.layer, "\(row.output)",
        row.parameters.grouped(), row.multiplications.grouped(),
        row.receptiveField.map { "\($0[0]) × \($0[1])" } ?? "",
      ]
    }
    let widths = head.indices.map { column in
      ([head] + lines).map { $0[column].count }.max() ?? 0
    }
    func line(_ cells: [String]) -> String {
      cells.indices.map { column in
        let space = String(repeating: " ", count: widths[column] - cells[column].count)
        return (3...4).contains(column) ? space + cells[column] : cells[column] + space
      }.joined(separator: "  ").trimmingTrailingSpaces
    }
    let rule = String(repeating: "─", count: widths.reduce(0, +) + 2 * (widths.count - 1))
    return
      ([line(head), rule] + lines.map(line) + [
        rule,
        "\(model) for \(input): \(parameters.grouped()) parameters, \(trainable.grouped()) "
          + "trained and \(nonTrainable.grouped()) not",
        "for one element of a batch: \(multiplications.grouped()) multiplications, "
          + "\(activationBytes.grouped()) bytes of results",
      ]).joined(separator: "\n")
  }
}

extension String {
  fileprivate var trimmingTrailingSpaces: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}
