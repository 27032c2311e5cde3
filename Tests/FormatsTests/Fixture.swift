import Formats

/// Small files that other programs wrote, under `Tests/Fixtures/formats`.
enum Fixture {
  static func path(_ name: String) -> String {
    let source = #filePath
    let tests = source.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
    return tests.joined(separator: "/") + "/Fixtures/formats/\(name)"
  }

  static func bytes(_ name: String) throws -> [UInt8] {
    try contents(ofFile: path(name), limit: 1 << 20, in: "test")
  }
}
