internal import Geometry
internal import Glibc
internal import OpenCLBackend

/// The folder in which built OpenCL programs are kept.
enum CacheCheck {
  static func findings() -> [Finding] {
    guard let folder = KernelCache.folder else {
      return [
        Finding(
          "kernel cache", .note,
          "none: neither XDG_CACHE_HOME nor HOME is set, "
            + "so programs are built anew in each process")
      ]
    }
    let entries = KernelCache.entries()
    let size = (Double(entries.reduce(0) { $0 + $1.byteCount }) / 0x1p20).fixed(1)
    if access(folder, W_OK) == 0 {
      return [Finding("kernel cache", .ok, "\(folder): \(entries.count) programs, \(size) MiB")]
    }
    let reason = String(cString: strerror(errno))
    if errno == ENOENT {
      return [Finding("kernel cache", .ok, "\(folder): empty")]
    }
    return [
      Finding(
        "kernel cache", .note,
        "\(folder) cannot be written (\(reason)): programs are built anew in each process",
        remedy: "set XDG_CACHE_HOME to a folder that can be written")
    ]
  }
}
