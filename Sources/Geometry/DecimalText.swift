internal import Glibc

extension Double {
  /// The number with so many digits behind the point, never `-0`: `1.50`.
  ///
  /// What is not finite, or too large for that, is written as Swift does.
  package func fixed(_ digits: Int) -> String {
    let scale = pow(10, Double(digits))
    guard magnitude * scale < 1e18 else { return "\(self)" }
    let whole = Int((magnitude * scale).rounded())
    let unit = Int(scale)
    let sign = self < 0 && whole > 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(whole)" }
    let fraction = "\(whole % unit)"
    let zeros = String(repeating: "0", count: max(0, digits - fraction.count))
    return "\(sign)\(whole / unit).\(zeros)\(fraction)"
  }
}

extension BinaryInteger {
  /// The number with its digits in groups of three: `1,234,567`.
  package func grouped(by separator: Character = ",") -> String {
    var digits = Array("\(magnitude)")
    var position = digits.count - 3
    while position > 0 {
      digits.insert(separator, at: position)
      position -= 3
    }
    return (self < 0 ? "-" : "") + String(digits)
  }
}
