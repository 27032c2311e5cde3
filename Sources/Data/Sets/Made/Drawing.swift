internal import Tensors

/// A point of a drawing; the image goes from 0 to 1 to the right and down.
struct DrawingPoint {
  var x: Float
  var y: Float

  init(_ x: Float, _ y: Float) {
    self.x = x
    self.y = y
  }
}

/// A grey image that strokes are drawn on.
struct Canvas {
  let size: Int
  /// From 0 to 1, row by row.
  var pixels: [Float]

  init(size: Int) {
    self.size = size
    pixels = Array(repeating: 0, count: size * size)
  }

  /// Draws a line of that width in pixels with a soft edge; it never darkens what is there.
  mutating func line(from start: DrawingPoint, to end: DrawingPoint, width: Float) {
    let scale = Float(size)
    let (x0, y0) = (start.x * scale, start.y * scale)
    let (dx, dy) = (end.x * scale - x0, end.y * scale - y0)
    let length = dx * dx + dy * dy
    let reach = width / 2 + 1
    let columns = pixelRange(min(x0, x0 + dx) - reach, max(x0, x0 + dx) + reach)
    let rows = pixelRange(min(y0, y0 + dy) - reach, max(y0, y0 + dy) + reach)
    for row in rows {
      for column in columns {
        let (x, y) = (Float(column) + 0.5 - x0, Float(row) + 0.5 - y0)
        let along = length > 0 ? max(0, min(1, (x * dx + y * dy) / length)) : 0
        let (u, v) = (x - along * dx, y - along * dy)
        let distance = (u * u + v * v).squareRoot()
        let ink = max(0, min(1, width / 2 + 0.5 - distance))
        let place = row * size + column
        pixels[place] = max(pixels[place], ink)
      }
    }
  }

  /// Draws lines from each point to the next.
  mutating func path(_ points: [DrawingPoint], width: Float) {
    for (start, end) in zip(points, points.dropFirst()) { line(from: start, to: end, width: width) }
  }

  private func pixelRange(_ low: Float, _ high: Float) -> Range<Int> {
    guard high > 0, low < Float(size) else { return 0..<0 }
    return Int(max(0, low))..<Int(min(Float(size), high.rounded(.up)))
  }
}

/// Points on an arc of an ellipse; angles in turns, from the right downwards.
func arc(
  _ centerX: Float, _ centerY: Float, _ radiusX: Float, _ radiusY: Float, _ start: Float,
  _ end: Float
) -> [DrawingPoint] {
  let steps = 12
  return (0...steps).map { step in
    let angle = 2 * Float.pi * (start + (end - start) * Float(step) / Float(steps))
    return DrawingPoint(centerX + radiusX * angle.cosine, centerY + radiusY * angle.sine)
  }
}
