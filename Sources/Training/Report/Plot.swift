internal import Formats
public import Geometry

/// A picture as SVG: curves, a histogram, a confusion matrix, images.
///
///     let plot = Plot.lines([
///       Series("training", history["loss"]), Series("validation", history["val_loss"]),
///     ], title: "Loss", best: 7)
///     try plot.write(to: "loss.svg")
///
/// It needs nothing from outside and follows the reader's choice of a light or a dark page. Colours
/// can be told apart by the colour-blind.
public struct Plot: Sendable {
  let width: Double, height: Double
  /// What the picture shows, for those who do not see it.
  let label: String
  /// The elements, without a style of their own.
  let body: String

  /// The picture as a file of its own.
  public var svg: String {
    element("xmlns=\"http://www.w3.org/2000/svg\" ", "<style>\(PlotStyle.standalone)</style>")
  }

  /// The picture as an element of a page that has the style.
  var fragment: String { element("", "") }

  /// Writes it to a file, which appears at once and whole.
  public func write(to path: String) throws(TensorError) {
    try replaceFile(at: path, with: Array(svg.utf8), in: "plot")
  }

  private func element(_ attributes: String, _ style: String) -> String {
    let box = "0 0 \(Figures.place(width)) \(Figures.place(height))"
    return "<svg \(attributes)class=\"plot\" viewBox=\"\(box)\" role=\"img\" "
      + "aria-label=\"\(markup(label))\">\(style)\(body)</svg>"
  }
}

/// One curve of a plot: a value for each place along the axis, NaN where there is none.
public struct Series: Sendable {
  public let name: String
  public let values: [Double]

  public init(_ name: String, _ values: [Double]) {
    self.name = name
    self.values = values
  }
}

/// `text` as it is written in HTML and SVG, in attributes too. What XML cannot hold is left out.
func markup(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "\n", "\t": result += " "
    case "\u{0}"..<"\u{20}", "\u{7F}"..<"\u{A0}", "\u{FFFE}"..."\u{FFFF}": break
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// Elements of a picture, one after the other.
struct Canvas {
  private(set) var body = ""

  mutating func text(
    _ text: String, _ x: Double, _ y: Double, _ style: String = "t", anchor: String = "start",
    turned: Bool = false
  ) {
    let (x, y) = (Figures.place(x), Figures.place(y))
    let turn = turned ? " transform=\"rotate(-90 \(x) \(y))\"" : ""
    let anchor = anchor == "start" ? "" : " text-anchor=\"\(anchor)\""
    body += "<text x=\"\(x)\" y=\"\(y)\" class=\"\(style)\"\(anchor)\(turn)>\(markup(text))</text>"
  }

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) {
    let places = [x1, y1, x2, y2].map(Figures.place)
    body += "<path d=\"M\(places[0]) \(places[1])L\(places[2]) \(places[3])\" class=\"\(style)\"/>"
  }

  /// A line through points, broken where one is missing.
  mutating func curve(_ points: [(x: Double, y: Double)?], _ style: String) {
    var path = ""
    var isDown = false
    for point in points {
      guard let point else {
        isDown = false
        continue
      }
      path += "\(isDown ? "L" : "M")\(Figures.place(point.x)) \(Figures.place(point.y))"
      isDown = true
    }
    if !path.isEmpty { body += "<path d=\"\(path)\" class=\"\(style)\"/>" }
  }

  mutating func area(_ points: [(x: Double, y: Double)], _ style: String, opacity: Double? = nil) {
    guard let first = points.first else { return }
    var path = "M\(Figures.place(first.x)) \(Figures.place(first.y))"
    for point in points.dropFirst() {
      path += "L\(Figures.place(point.x)) \(Figures.place(point.y))"
    }
    let opacity = opacity.map { " fill-opacity=\"\(Figures.fixed($0, 2))\"" } ?? ""
    body += "<path d=\"\(path)Z\" class=\"\(style)\"\(opacity)/>"
  }

  mutating func circle(_ x: Double, _ y: Double, _ radius: Double, _ style: String) {
    body +=
      "<circle cx=\"\(Figures.place(x))\" cy=\"\(Figures.place(y))\" "
      + "r=\"\(Figures.place(radius))\" class=\"\(style)\"/>"
  }

  mutating func rectangle(
    _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ style: String,
    opacity: Double? = nil, rounding: Double = 0, tip: String = ""
  ) {
    let places = [x, y, width, height].map(Figures.place)
    let opacity = opacity.map { " fill-opacity=\"\(Figures.fixed($0, 2))\"" } ?? ""
    let rounding = rounding > 0 ? " rx=\"\(Figures.place(rounding))\"" : ""
    let end = tip.isEmpty ? "/>" : "><title>\(markup(tip))</title></rect>"
    body +=
      "<rect x=\"\(places[0])\" y=\"\(places[1])\" width=\"\(places[2])\" "
      + "height=\"\(places[3])\" class=\"\(style)\"\(opacity)\(rounding)\(end)"
  }

  mutating func image(_ uri: String, _ x: Double, _ y: Double, _ width: Double, _ height: Double) {
    let places = [x, y, width, height].map(Figures.place)
    body +=
      "<image x=\"\(places[0])\" y=\"\(places[1])\" width=\"\(places[2])\" "
      + "height=\"\(places[3])\" class=\"px\" href=\"\(uri)\"/>"
  }
}
