extension Plot {
  /// Named amounts as bars, in the order given.
  public static func bars(_ amounts: [(name: String, value: Double, text: String)], title: String)
    -> Plot
  {
    var canvas = Canvas()
    canvas.text(title, 0, 16, "h")
    let largest = amounts.map(\.value).max() ?? 1
    let (left, right) = (190.0, 400.0)
    for (number, amount) in amounts.enumerated() {
      let y = 34 + Double(number) * 22
      canvas.text(amount.name.shortened(to: 29), left - 8, y + 11, "k", anchor: "end")
      let length =
        largest > 0 && amount.value.isFinite ? (right - left) * amount.value / largest : 0
      canvas.rectangle(left, y, max(length, 1), 15, "f1", rounding: 2)
      canvas.text(amount.text, left + max(length, 1) + 7, y + 11)
    }
    let label = title + ": " + amounts.map { "\($0.name) \($0.text)" }.joined(separator: ", ")
    return Plot(
      width: 480, height: 40 + Double(amounts.count) * 22, label: label, body: canvas.body)
  }
}
