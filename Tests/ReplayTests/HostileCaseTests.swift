import Formats
import Geometry
import Replay
import Tensors
import TestSupport
import Testing

/// Cases that ask for what no operation can do: each must fail, none may end the process.
@Suite struct HostileCaseTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// The first case of each operation.
  private static let firsts: [String] = {
    var seen: Set<Substring> = []
    return Golden.supported.filter { seen.insert($0.prefix { $0 != "." }).inserted }
  }()

  private static let values: [JSON] =
    [
      .null, .bool(true), .string("x"), .number(1.5), .array([]), .object([:]),
      .array([.array([.integer(.max), .integer(.max)])]), .array([.array([.integer(-1)])]),
      .array([.integer(0), .integer(0), .integer(0)]), .array([.integer(1), .integer(1)]),
      .array([.integer(.max), .integer(.max)]), .array([.integer(.min), .integer(.min)]),
      .array([.integer(-1), .integer(-1)]), .array([.integer(3_000_000_000)]),
      .array([JSON](repeating: .integer(1), count: 12)), .number(1e300),
    ] + [0, -1, 9, -9, .max, .min].flatMap { [JSON.integer($0), .array([.integer($0)])] }

  private func copy(
    of name: String, to path: String, metadata: ([String: String]) -> [String: String]
  ) throws {
    let file = try SafetensorsFile(path: Golden.path(name))
    var entries: [SafetensorsEntry] = []
    for name in file.names { entries.append(try file.entry(name)) }
    try writeSafetensors(entries, metadata: metadata(file.metadata), to: path) {
      (entry: SafetensorsEntry) throws(TensorError) in try file.bytes(entry.name)
    }
  }

  @Test(arguments: firsts)
  func strangeAttributesAreErrors(_ name: String) throws {
    let path = "\(folder.path)/case.safetensors"
    let file = try SafetensorsFile(path: Golden.path(name))
    let text = try #require(file.metadata["attrs"])
    let attributes = try #require(try JSON(parsing: text, source: "attrs", in: "test").object)
    for key in attributes.keys.sorted() {
      for value in Self.values where value != attributes[key] {
        var changed = attributes
        changed[key] = value
        try copy(of: name, to: path) { metadata in
          metadata.merging(["attrs": JSON.object(changed).description]) { $1 }
        }
        let result = replay(path: path, name: name, on: .cpu)
        #expect(result.passes || result.reason != nil || result.error > result.tolerance)
      }
    }
  }

  @Test func unknownAttributesFail() throws {
    let path = "\(folder.path)/case.safetensors"
    try copy(of: "add.same", to: path) { $0.merging(["attrs": #"{"scale": 1}"#]) { $1 } }
    let result = replay(path: path, name: "add", on: .cpu)
    #expect(!result.passes)
    #expect(result.reason?.contains("unknown attribute of add: scale") == true)
  }

  @Test(arguments: [
    "nan", "inf", "-1", "", "1e-6x",
  ])
  func errorsOfTheReferenceAreFinite(_ error: String) throws {
    let path = "\(folder.path)/case.safetensors"
    try copy(of: "add.same", to: path) { $0.merging(["f32_error": error]) { $1 } }
    #expect(replay(path: path, name: "add", on: .cpu).reason?.contains("f32_error") == true)
  }

  @Test func aWrongExpectationFailsWithoutAReason() throws {
    let path = "\(folder.path)/case.safetensors"
    try copy(of: "add.same", to: path) { $0.merging(["op": "mul"]) { $1 } }
    let result = replay(path: path, name: "add", on: .cpu)
    #expect(!result.passes)
    #expect(result.reason == nil)
    #expect(result.error > result.tolerance)
  }
}
