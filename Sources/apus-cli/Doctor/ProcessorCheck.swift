internal import CPUBackend
internal import Geometry
internal import Glibc
internal import Tensors

/// The processor: which kernels run, on how many threads, and which BLAS.
enum ProcessorCheck {
  static func findings() -> [Finding] {
    do {
      let information = try Device.cpu.information
      let threads = CPUBackend.threadCount
      return [
        Finding(
          "processor", .ok,
          "\(information.name), \(threads) \(threads == 1 ? "thread" : "threads")"
            + (getenv("APUS_THREADS") == nil ? "" : " as APUS_THREADS says")),
        kernels, openBLAS(information),
      ]
    } catch {
      return [Finding("processor", .fault, "\(error)", remedy: remedy(error))]
    }
  }

  private static var kernels: Finding {
    let name = CPUBackend.cloneName
    let detail = "the vectorised loops for \(name) run"
    guard name == "default" else { return Finding("CPU kernels", .ok, detail) }
    #if arch(x86_64)
      return Finding(
        "CPU kernels", .note, detail + ": this processor lacks AVX2 and FMA, or hides them")
    #else
      return Finding("CPU kernels", .ok, detail)
    #endif
  }

  private static func openBLAS(_ information: DeviceInformation) -> Finding {
    let path = LoadedLibrary.path(of: "libopenblas") ?? LoadedLibrary.path(of: "libblas")
    let place = path.map { ", \($0)" } ?? ""
    guard information.driver.hasPrefix("OpenBLAS") else {
      return Finding(
        "OpenBLAS", .fault, "another BLAS is in its place: \(information.driver)\(place)",
        remedy: "apt-get install libopenblas0")
    }
    return Finding(
      "OpenBLAS", .ok, "\(information.driver)\(place); one thread in each of ours")
  }

  private static func remedy(_ error: any Error) -> String? {
    (error as? TensorError)?.kind == .argument ? "unset the variable or set it right" : nil
  }
}

/// Libraries that are loaded into this process.
enum LoadedLibrary {
  /// The file of the first whose name begins so.
  static func path(of prefix: String) -> String? {
    for line in TextFile.lines(of: "/proc/self/maps") {
      guard let slash = line.firstIndex(of: "/") else { continue }
      let path = line[slash...]
      if path.split(separator: "/").last?.hasPrefix(prefix) == true { return String(path) }
    }
    return nil
  }
}

/// Small text files of the system.
enum TextFile {
  /// The lines of the file; none if it cannot be read.
  static func lines(of path: String) -> [String] {
    guard let file = fopen(path, "re") else { return [] }
    defer { fclose(file) }
    var text: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while text.count < 1 << 22 {
      let count = fread(&chunk, 1, chunk.count, file)
      if count == 0 { break }
      text += chunk[..<count]
    }
    return text.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
  }
}
