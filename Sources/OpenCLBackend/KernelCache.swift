/// The built programs that are kept on disk for processes to come.
package enum KernelCache {
  /// One built program.
  package struct Entry: Sendable {
    package let file: String
    /// The file of kernels that it was built from: `reduction.cl`.
    package let program: String
    package let device: String, platform: String
    package let byteCount: Int
    /// Seconds since 1970.
    package let lastUsed: Int
  }

  /// Where they lie; nil if there is no home for them.
  package static var folder: String? { BinaryCache.standard?.folder }

  /// What lies there, the latest used first; damaged files are left out.
  package static func entries() -> [Entry] { BinaryCache.standard?.entries() ?? [] }

  /// Removes all of it, and returns how many files and bytes that were.
  package static func clear() -> (files: Int, bytes: Int) {
    BinaryCache.standard?.clear() ?? (0, 0)
  }
}
