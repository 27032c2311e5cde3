import Catalogue
import Foundation
import Testing

/// Whether the catalogue knows every public operation there is.
@Suite struct CompletenessTests {
  /// Public functions that are no operations on tensors' elements, each with the reason.
  static let others: [String: String] = [
    "withDevice": "chooses where tensors go",
    "openCL": "opens a device",
    "named": "opens a device",
    "automatic": "opens a device",
    "available": "lists devices",
    "synchronize": "waits for a device",
    "setMemoryLimit": "memory of a device",
    "emptyCache": "memory of a device",
    "resetPeakMemory": "memory of a device",
    "evaluate": "computes what has been recorded",
    "scalars": "reads a tensor",
    "scalar": "reads a tensor",
    "bytes": "reads a tensor",
    "hash": "of devices",
    "==": "of devices",
    "recorded": "opens a recording",
    "gradients": "differentiation, which every differentiable record tries",
    "valueAndGradients": "differentiation of parameters, which has tests of its own",
    "customGradient": "differentiation, in the checks of gradient checks",
    "hessianVectorProduct": "differentiation, which has tests of its own",
    "jacobian": "differentiation, which has tests of its own",
    "hessian": "differentiation, which has tests of its own",
    "assign": "changes a parameter",
    "constrain": "bounds a parameter, which the tests of layers try",
    "masked": "names the steps that count, which the tests of layers try",
    "evaluateAssignments": "computes what parameters were assigned",
    "apply": "steps parameters by a rule, which the tests of optimizers try",
    "withRandomSource": "chooses random numbers",
    "withSeed": "chooses random numbers",
    "withDebugChecks": "watches operations",
    "profiled": "times operations",
    "explain": "prints a plan",
  ]

  @Test func everyPublicFunctionHasARecordOrAReason() throws {
    let recorded = Set(Catalogue.operations.flatMap(\.functions))
    let declared = try Self.publicFunctions()
    #expect(declared.count > 100)
    for (name, file) in declared.sorted(by: { $0.key < $1.key })
    where !recorded.contains(name) && Self.others[name] == nil {
      Issue.record("\(name) in \(file) has no record in the catalogue")
    }
  }

  @Test func everyRecordIsOfAFunctionThatExists() throws {
    let declared = try Self.publicFunctions()
    for operation in Catalogue.operations {
      for function in operation.functions where declared[function] == nil {
        Issue.record("\(operation.name) stands for \(function), which does not exist")
      }
    }
    for name in Self.others.keys where declared[name] == nil {
      Issue.record("\(name) is excused but does not exist")
    }
  }

  @Test func namesAreUnique() {
    let names = Catalogue.operations.map(\.name)
    #expect(Set(names).count == names.count)
  }

  @Test func aMissingRecordWouldBeNoticed() {
    let source = "  public static prefix func - (x: Tensor)\n  public func newOne<T>(_ x: T) {"
    #expect(Self.names(in: source) == ["-", "newOne"])
  }

  /// The names of the public functions of the module, and a file each is in.
  private static func publicFunctions() throws -> [String: String] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Sources/Tensors")
    let files = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)
    var found: [String: String] = [:]
    while let file = files?.nextObject() as? URL {
      guard file.pathExtension == "swift" else { continue }
      for name in names(in: try String(contentsOf: file, encoding: .utf8)) {
        found[name] = file.lastPathComponent
      }
    }
    return found
  }

  private static func names(in source: String) -> [String] {
    source.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard words.contains("public"), let at = words.firstIndex(of: "func"), at + 1 < words.count,
        words[..<at].allSatisfy({ $0 != "//" && $0 != "///" })
      else { return nil }
      return String(words[at + 1].prefix { $0 != "(" && $0 != "<" || words[at + 1].first == "<" })
    }
  }
}
