import Foundation
import TestSupport

extension ScratchFolder {
  /// The objects of a file of one a line.
  func lines(_ name: String) throws -> [[String: Any]] {
    try text(name).split(separator: "\n").map {
      try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
    }
  }
}
