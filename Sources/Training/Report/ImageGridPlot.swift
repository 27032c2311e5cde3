public import Geometry
public import Tensors

extension Plot {
  /// Images beside each other with a line of text below each.
  ///
  /// - Parameters:
  ///   - images: `[count, height, width, channels]`, one channel or three; numbers from 0 to 1, or
  ///     bytes. They are made at most 64 pixels wide and high.
  ///   - captions: one an image; those missing are empty.
  ///   - title: the line above all images.
  ///   - columns: how many images stand in a row.
  public static func images(
    _ images: Tensor, captions: [String] = [], title: String, columns: Int = 6
  ) throws(TensorError) -> Plot {
    let pictures = try Thumbnail.all(of: images)
    var canvas = Canvas()
    canvas.text(title, 0, 16, "h")
    let side = 480 / Double(max(columns, 1))
    let rows = (pictures.count + max(columns, 1) - 1) / max(columns, 1)
    for (number, picture) in pictures.enumerated() {
      let (row, column) = number.quotientAndRemainder(dividingBy: max(columns, 1))
      let (x, y) = (Double(column) * side, 30 + Double(row) * (side + 16))
      canvas.image(picture.uri, x, y, side - 8, side - 8)
      if captions.indices.contains(number) {
        canvas.text(captions[number].shortened(to: max(6, Int(side / 6))), x, y + side + 5, "s")
      }
    }
    return Plot(
      width: 480, height: 30 + Double(rows) * (side + 16),
      label: "\(title): \(pictures.count) images",
      body: canvas.body)
  }
}
