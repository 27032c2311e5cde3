import Formats
import Geometry
import Glibc
import Replay
import Tensors
import Testing

/// The cases of the operations that have a runner.
enum Golden {
  static let folder =
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
    .joined(separator: "/") + "/Fixtures/golden"

  /// Names without ending, sorted.
  static let names: [String] = {
    guard let listing = opendir(folder) else { return [] }
    defer { closedir(listing) }
    var names: [String] = []
    while let entry = readdir(listing) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasSuffix(".safetensors") { names.append(String(name.dropLast(12))) }
    }
    return names.sorted()
  }()

  static func path(_ name: String) -> String { "\(folder)/\(name).safetensors" }

  static let supported = names.filter { name in
    CaseRunner.all[String(name.prefix { $0 != "." })] != nil
  }
}

@Suite struct GoldenTests {
  @Test func theCasesAreThere() {
    #expect(Golden.names.count == 370)
    #expect(Golden.supported.count > 100)
  }

  @Test(arguments: Golden.supported)
  func passes(_ name: String) {
    let result = replay(path: Golden.path(name), name: name, on: .cpu)
    #expect(
      result.passes,
      "\(result.tensor): \(result.error), allowed \(result.tolerance) \(result.reason ?? "")")
  }

  @Test func anUnknownOperationFailsWithAReason() {
    let result = replay(path: Golden.path("train.mlp"), name: "train", on: .cpu)
    #expect(!result.passes)
    #expect(result.reason != nil)
  }

  @Test func aMissingFileFailsWithAReason() {
    let result = replay(path: "/missing.safetensors", name: "missing", on: .cpu)
    #expect(!result.passes)
    #expect(result.reason?.contains("missing") == true)
  }
}
