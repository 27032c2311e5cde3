import Formats
import Geometry
import Testing

@Suite struct CSVTests {
  private func table(
    _ text: String, columns: [String]? = nil, types: [String: CSVTable.ColumnType] = [:],
    options: CSVTable.Options = .init()
  ) throws(TensorError) -> CSVTable {
    try CSVTable(
      Array(text.utf8), name: "t.csv", columns: columns, types: types, options: options)
  }

  @Test func readsTypesAndMissingValues() throws {
    let table = try table("name,age,height\nAda,36,1.65\nBob,NA,\n\"NA\",7,1e0\n")
    #expect(table.names == ["name", "age", "height"])
    #expect(table.rowCount == 3)
    #expect(try table.type("name") == .text)
    #expect(try table.type("age") == .integer)
    #expect(try table.type("height") == .number)
    #expect(try table.strings("name") == ["Ada", "Bob", "NA"])
    #expect(try table.integers("age") == [36, nil, 7])
    #expect(try table.numbers("height") == [1.65, nil, 1])
    #expect(try table.numbers("age") == [36, nil, 7])
    #expect(try table.matrix(["height", "age"], missing: -1) == [1.65, 36, -1, -1, 1, 7])
    #expect(try table.matrix(["age"])[1].isNaN)
  }

  @Test func readsQuotedFields() throws {
    let table = try table("a,b\n\"x,\"\"y\"\"\nz\",\"\"\n\"\"\"\",1\r\n")
    #expect(try table.strings("a") == ["x,\"y\"\nz", "\""])
    #expect(try table.strings("b") == ["", "1"])
  }

  @Test(arguments: ["\n", "\r\n"]) func lineEndsAndEmptyLinesDoNotMatter(_ end: String) throws {
    let expected = [1.0, 3] as [Double?]
    for text in [
      "a,b\(end)1,2\(end)3,4", "a,b\(end)1,2\(end)3,4\(end)",
      "\u{FEFF}a,b\(end)\(end)1,2\(end)\(end)3,4\(end)\(end)", "a,b\(end)1,2\(end)3,\"4\"",
    ] {
      let table = try table(text)
      #expect(try table.numbers("a") == expected)
      #expect(try table.numbers("b") == [2, 4])
    }
    #expect(try self.table("a\r\n1\r").integers("a") == [1])
    #expect(try self.table("a\r\n\"1\"\r").integers("a") == [1])
  }

  @Test func selectsAndOrdersColumns() throws {
    let table = try table(
      "a;b;c\n1;2;3\n4;5;6\n", columns: ["c", "a"], options: .init(separator: ";"))
    #expect(table.names == ["c", "a"])
    #expect(try table.matrix() == [3, 1, 6, 4])
    #expect(throws: TensorError.self) { try table.numbers("b") }
    let error = #expect(throws: TensorError.self) { try self.table("a\n1", columns: ["z"]) }
    #expect(error?.kind == .argument && error?.detail.contains(#""a""#) == true)
    #expect(throws: TensorError.self) { try self.table("a\n1", columns: ["a", "a"]) }
  }

  @Test func withoutAHeaderColumnsAreNumbered() throws {
    let table = try table("1,2\n3,4", options: .init(hasHeader: false))
    #expect(table.names == ["0", "1"])
    #expect(try table.integers("1") == [2, 4])
  }

  @Test(
    arguments: [
      ("", "no row"), ("a,b\n1\n", "line 2: 1 fields, expected 2"),
      ("a,b\n1,2\n\n1,2,3\n", "line 4: 3 fields"), ("a\n\"1\n2", "line 2: a quoted field"),
      ("a\n\"1\"2\n", "more after"), ("a\n1\"2\n", "a quote within"), ("a,a\n1,2", "twice"),
      ("\"a\n", "does not end"),
    ])
  func rejects(_ text: String, _ expected: String) {
    let error = #expect(throws: TensorError.self) { try table(text) }
    #expect(error?.kind == .corruptFile)
    #expect(error?.detail.contains(expected) == true, "\(error?.detail ?? "")")
  }

  @Test func valuesOfOtherTypesNameTheirLine() throws {
    let text = "a,b\n1,x\n2.5,\"\ny\"\n0x1,z\n"
    let error = #expect(throws: TensorError.self) { try table(text, types: ["a": .integer]) }
    #expect(error?.detail == #"t.csv: line 3: column "a": "2.5" is not a whole number"#)
    let second = #expect(throws: TensorError.self) { try table(text, types: ["a": .number]) }
    #expect(second?.detail.contains(#"line 5: column "a": "0x1""#) == true)
    _ = try table(text, types: ["b": .text])
    #expect(try table("a\n 1 \n").numbers("a") == [1])
  }

  @Test func rejectsSeparatorsThatCannotBe() {
    for separator: Character in ["\"", "\n", "é"] {
      #expect(throws: TensorError.self) {
        try table("a", options: .init(separator: separator))
      }
    }
  }

  @Test func damagedFilesAreReadOrRefused() throws {
    let text = "name,age\r\n\"A \"\"b\"\", c\",1\nBob,\n\"\",-2.5e3\n\u{E9},7"
    let hostile = Hostile(Array(text.utf8)) { bytes in
      let table = try CSVTable(bytes, name: "t.csv")
      for name in table.names {
        _ = try table.type(name)
        _ = try table.strings(name)
        if try table.type(name) != .text { _ = try table.matrix([name]) }
      }
    }
    hostile.everyChangeIsReadOrRefused()
    hostile.randomDamageIsReadOrRefused()
    for end in hostile.whole.indices { try? hostile.read(Array(hostile.whole[..<end])) }
  }
}
