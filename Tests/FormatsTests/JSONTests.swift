import Formats
import Geometry
import Testing

@Suite struct JSONTests {
  private func parse(_ text: String) throws(TensorError) -> JSON {
    try JSON(parsing: text, source: "text", in: "test")
  }

  @Test func readsEveryKindOfValue() throws {
    let text = #" {"a": [1, -2.5, 1e3, true, false, null], "b": {"c": "x\n\u00e9\ud83d\ude00/"}} "#
    let expected = JSON.object([
      "a": .array([.integer(1), .number(-2.5), .number(1000), .bool(true), .bool(false), .null]),
      "b": .object(["c": .string("x\n\u{E9}\u{1F600}/")]),
    ])
    #expect(try parse(text) == expected)
  }

  @Test func writingAndReadingReturnTheValue() throws {
    let value = JSON.object([
      "plain": .string("a\"b\\c\u{1}\u{7F}\n\u{2028}é😀"),
      "numbers": .array([.number(0.1), .integer(.min)]),
      "empty": .array([]), "none": .object([:]),
    ])
    let text = value.description
    #expect(try parse(text) == value)
    #expect(!text.contains { $0.isNewline })
  }

  @Test func numbersThatAreNotFiniteAreNull() {
    #expect(
      JSON.line([("x", .number(.nan)), ("y", .number(.infinity))]) == #"{"x": null, "y": null}"#)
  }

  @Test(arguments: [
    "", " ", "{", "[", "\"", "{]", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}",
    "[1 2]",
    "1 2", "{} {}", "nul", "nulll", "True", "NaN", "Infinity", "-", "+1", "01", "-01", "1.", ".5",
    "1e",
    "1e+", "0x1", "1e999", "-1e999", "\"\u{1}\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"",
    "\"\\ud800\"",
    "\"\\ud800\\n\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "{\"a\":1,\"a\":2}",
    "{\"a\":1,\"\\u0061\":2}",
    "[1]\u{0}", "\u{FEFF}1", "// a\n1", "'a'",
  ])
  func rejects(_ text: String) {
    let error = #expect(throws: TensorError.self) { _ = try parse(text) }
    #expect(error?.kind == .corruptFile)
  }

  @Test(
    arguments: [
      [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
      [0x22, 0xC3, 0x5C, 0x6E, 0xA9, 0x22], [0xC3, 0xA9], [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22],
    ] as [[UInt8]])
  func rejectsWhatIsNotUTF8(_ bytes: [UInt8]) {
    let error = #expect(throws: TensorError.self) {
      _ = try JSON(parsing: bytes, source: "bytes", in: "test")
    }
    #expect(error?.kind == .corruptFile)
  }

  @Test func depthIsLimited() throws {
    let nested = { (depth: Int) in
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    _ = try parse(nested(32))
    for depth in [33, 1000, 100_000] {
      #expect(throws: TensorError.self) { _ = try parse(nested(depth)) }
    }
  }

  @Test func everyPrefixAndEveryChangedByteIsReadOrRejected() {
    let text = Array(#"{"a": [1, -2.5e-3, "x\u00e9\\"], "b": {"c": null, "d": true}}"#.utf8)
    for end in text.indices {
      #expect(throws: TensorError.self) {
        _ = try JSON(parsing: Array(text[..<end]), source: "prefix", in: "test")
      }
    }
    for index in text.indices {
      for byte in UInt8.min...UInt8.max {
        var changed = text
        changed[index] = byte
        do throws(TensorError) {
          let value = try JSON(parsing: changed, source: "changed", in: "test")
          let again = try JSON(parsing: value.description, source: "again", in: "test")
          #expect(again == value)
        } catch {
          #expect(error.kind == .corruptFile)
        }
      }
    }
  }
}
