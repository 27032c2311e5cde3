internal import Geometry
internal import Glibc

/// Numbers as people read them.
enum Figures {
  /// With that many digits behind the point; never `-0`.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return value.isNaN ? "–" : value > 0 ? "∞" : "−∞" }
    return withMinusSign(value.fixed(digits))
  }

  /// With so many significant digits: `0.0123`, `1.23`, `12300`, `1.2e-7`.
  static func significant(_ value: Double, _ digits: Int = 3) -> String {
    guard value.isFinite, value != 0 else { return fixed(value, 0) }
    let exponent = Int(log10(value.magnitude).rounded(.down))
    if exponent < -5 || exponent > 8 {
      let mantissa = value / pow(10, Double(exponent))
      return "\(trimmed(fixed(mantissa, digits - 1)))e\(exponent)"
    }
    return fixed(value, max(0, digits - 1 - exponent))
  }

  /// Without zeros at the end of a fraction.
  static func trimmed(_ text: String) -> String {
    guard text.contains(".") else { return text }
    var text = text
    while text.last == "0" { text.removeLast() }
    if text.last == "." { text.removeLast() }
    return text
  }

  /// `1 234 567`, with narrow spaces.
  static func grouped(_ value: Int) -> String {
    withMinusSign(value.grouped(by: "\u{202F}"))
  }

  private static func withMinusSign(_ text: String) -> String {
    text.hasPrefix("-") ? "−" + text.dropFirst() : text
  }

  static func percent(_ share: Double, _ digits: Int = 1) -> String {
    fixed(share * 100, digits) + "\u{202F}%"
  }

  /// `3.2 s`, `4 min 10 s`, `2 h 5 min`
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0 else { return "–" }
    if seconds < 10 { return "\(fixed(seconds, 1)) s" }
    let whole = Int(min(seconds, 1e12).rounded())
    if whole < 120 { return "\(whole) s" }
    if whole < 7200 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }

  /// `12.3 MiB`
  static func bytes(_ count: Double) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
    var (value, unit) = (count, 0)
    while value >= 1024, unit + 1 < units.count {
      value /= 1024
      unit += 1
    }
    return "\(unit == 0 ? fixed(value, 0) : fixed(value, 1)) \(units[unit])"
  }

  /// A coordinate of a picture: one digit behind the point is a tenth of a pixel.
  static func place(_ value: Double) -> String {
    guard value.isFinite else { return "0" }
    let text = trimmed(fixed(value, 1))
    return text.hasPrefix("−") ? "-" + text.dropFirst() : text
  }

  /// The date and time of day of a number of seconds since 1970, UTC.
  static func date(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e11 else { return "–" }
    var time = time_t(seconds)
    var parts = tm()
    gmtime_r(&time, &parts)
    func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) "
      + "\(two(parts.tm_hour)):\(two(parts.tm_min)) UTC"
  }
}
