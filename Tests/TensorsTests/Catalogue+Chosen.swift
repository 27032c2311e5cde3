import Catalogue
import Foundation

extension Catalogue {
  /// The operations to try: those that `APUS_OPERATIONS` names, comma between them, or all.
  static let chosen: [OperationRecord] = {
    guard let list = ProcessInfo.processInfo.environment["APUS_OPERATIONS"] else {
      return operations
    }
    let names = list.split(separator: ",").map(String.init)
    return operations.filter { names.contains($0.name) || names.contains($0.family) }
  }()
}
