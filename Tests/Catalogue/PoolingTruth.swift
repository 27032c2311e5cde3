internal import Geometry
internal import Tensors

/// A window that slides over the two middle axes of images.
struct WindowForm: Sendable {
  let shape: [Int], window: [Int], stride: [Int]?, dilation: [Int]
  let padding: Padding

  init(
    _ shape: [Int], _ window: [Int], _ stride: [Int]? = nil, dilation: [Int] = [1, 1],
    padding: Padding = .valid
  ) {
    self.shape = shape
    self.window = window
    self.stride = stride
    self.dilation = dilation
    self.padding = padding
  }

  var attributes: String {
    "window \(window)" + (stride.map { " stride \($0)" } ?? "")
      + (dilation == [1, 1] ? "" : " dilation \(dilation)")
      + (padding == .valid ? "" : " \(padding)")
  }

  /// What each window takes along each of both axes, padding left out.
  var positions: [[[Int]]] {
    taps.map { windows in windows.map { taps in taps.compactMap { $0 } } }
  }

  /// What each tap of each window takes along each of both axes; nil for padding.
  var taps: [[[Int?]]] {
    (0..<2).map { axis in
      let extent = shape[1 + axis]
      let stride = self.stride?[axis] ?? window[axis]
      let reach = (window[axis] - 1) * dilation[axis] + 1
      let before: Int
      let count: Int
      switch padding {
      case .valid:
        before = 0
        count = (extent - reach) / stride + 1
      case .same:
        count = (extent + stride - 1) / stride
        before = Swift.max(0, (count - 1) * stride + reach - extent) / 2
      case .causal:
        before = reach - 1
        count = (extent - 1) / stride + 1
      case .explicit(let first, let last):
        // A sequence has a pair for its own axis only.
        let pair = first.count == 1 ? 0 : axis
        before = first.count == 1 && axis == 0 ? 0 : first[pair]
        let after = first.count == 1 && axis == 0 ? 0 : last[pair]
        count = (before + extent + after - reach) / stride + 1
      }
      return (0..<count).map { i in
        (0..<window[axis]).map { tap in
          let at = i * stride - before + tap * dilation[axis]
          return at >= 0 && at < extent ? at : nil
        }
      }
    }
  }

  /// Elements that all windows see.
  var operations: Int {
    let counts = taps.map(\.count)
    return shape[0] * shape[3] * counts[0] * counts[1] * window[0] * window[1]
  }
}

extension Reference {
  /// The largest value or the mean of what each window sees.
  func pooled(_ rows: [[Int]], _ columns: [[Int]], isMaximum: Bool) -> Reference {
    Reference([shape[0], rows.count, columns.count, shape[3]]) { index in
      var total = isMaximum ? -Double.infinity : 0
      for r in rows[index[1]] {
        for k in columns[index[2]] {
          let value = self[[index[0], r, k, index[3]]]
          if !isMaximum { total += value } else if value > total || value.isNaN { total = value }
        }
      }
      return isMaximum ? total : total / Double(rows[index[1]].count * columns[index[2]].count)
    }
  }

  /// Where the largest value of each window is in its plane: of equal ones the first, of NaNs the
  /// last.
  func winners(_ rows: [[Int]], _ columns: [[Int]]) -> Reference {
    Reference([shape[0], rows.count, columns.count, shape[3]]) { index in
      var best = -Double.infinity
      var winner = rows[index[1]][0] * shape[2] + columns[index[2]][0]
      for r in rows[index[1]] {
        for k in columns[index[2]] {
          let value = self[[index[0], r, k, index[3]]]
          if value > best || value.isNaN {
            best = value
            winner = r * shape[2] + k
          }
        }
      }
      return Double(winner)
    }
  }
}
