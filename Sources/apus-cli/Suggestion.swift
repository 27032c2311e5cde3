/// `: did you mean "train"?`, or nothing if no word of `known` is close to `word`.
func suggestion(for word: String, among known: [String]) -> String {
  let ranked = known.map { ($0, distance(word, $0)) }.min { $0.1 < $1.1 }
  guard let (best, edits) = ranked, edits <= max(1, min(word.count, best.count) / 3) else {
    return ""
  }
  return ": did you mean \(best)?"
}

/// How many characters must be put in, left out, replaced or swapped with their neighbour.
private func distance(_ left: String, _ right: String) -> Int {
  let (a, b) = (Array(left.lowercased()), Array(right.lowercased()))
  var rows = [Array(0...b.count)]
  for i in 0..<a.count {
    var row = [i + 1]
    for j in 0..<b.count {
      var best = min(rows[i][j] + (a[i] == b[j] ? 0 : 1), rows[i][j + 1] + 1, row[j] + 1)
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
        best = min(best, rows[i - 1][j - 1] + 1)
      }
      row.append(best)
    }
    rows.append(row)
  }
  return rows[a.count][b.count]
}
