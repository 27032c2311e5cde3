import Formats
import Geometry
import TestSupport
import Testing

@Suite struct TextLinesTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func lines(_ bytes: [UInt8], longest: Int = 100) throws -> [String] {
    let reader = try LineReader(bytes, name: "t.txt", longestLine: longest)
    var lines: [String] = []
    while let line = try reader.next() { lines.append(line) }
    #expect(reader.lineCount == lines.count)
    #expect(try reader.next() == nil)
    return lines
  }

  @Test func splitsAtLineEnds() throws {
    #expect(try lines([]) == [])
    #expect(try lines(Array("a".utf8)) == ["a"])
    #expect(try lines(Array("\u{FEFF}a\nb\r\n\nc\rd\n".utf8)) == ["a", "b", "", "c\rd"])
    #expect(try lines(Array("\n\n".utf8)) == ["", ""])
  }

  @Test func readsFilesLongerThanOnePiece() throws {
    let expected = (0..<30_000).map { "line \($0) é" }
    let path = try folder.file("long.txt", Array(expected.joined(separator: "\n").utf8))
    #expect(try textLines(path: path) == expected)
  }

  @Test func rejectsLongLinesAndWhatIsNotUTF8() throws {
    #expect(try lines([UInt8](repeating: 0x61, count: 100)).count == 1)
    let long = #expect(throws: TensorError.self) {
      try lines([UInt8](repeating: 0x61, count: 101))
    }
    #expect(long?.kind == .unsupportedFile)
    let wrong = #expect(throws: TensorError.self) { try lines([0x61, 0x0A, 0xFF, 0x0A]) }
    #expect(wrong?.kind == .corruptFile && wrong?.detail == "t.txt: line 2 is not UTF-8")
    #expect(throws: TensorError.self) { try LineReader([], name: "t", longestLine: 0) }
    Hostile(Array("añb\r\nc\n".utf8)) { _ = try lines($0) }.everyChangeIsReadOrRefused()
  }
}
