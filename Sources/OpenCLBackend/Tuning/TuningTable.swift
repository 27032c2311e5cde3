internal import Backends
package import Geometry
internal import Glibc

/// The cuts that a device computes products fastest with, as `apus kernels tune` has measured it.
package struct TuningTable: Sendable {
  package struct Entry: Sendable {
    package let size: TuningSize
    /// Nil where the usual cut is as fast as any.
    package let choice: TileChoice?
    /// What a product takes with the choice, and with what is taken without a table.
    package let milliseconds: Double, usualMilliseconds: Double

    package init(
      _ size: TuningSize, _ choice: TileChoice?, milliseconds: Double, usualMilliseconds: Double
    ) {
      self.size = size
      self.choice = choice
      self.milliseconds = milliseconds
      self.usualMilliseconds = usualMilliseconds
    }
  }

  package private(set) var entries: [Entry] = []
  static let largest = 512
  private static let usual = "usual"
  private static let head = "apus-tuning 1"

  package init() {}

  /// With this entry, in place of an earlier one of its size.
  package mutating func add(_ entry: Entry) {
    entries.removeAll { $0.size == entry.size }
    if entries.count < Self.largest { entries.append(entry) }
  }

  /// The choice of the nearest size that is not too far away; nil for the usual cut.
  func choice(for size: TuningSize) -> TileChoice? {
    var best: (distance: Double, choice: TileChoice?)?
    for entry in entries {
      guard let distance = entry.size.distance(to: size), distance < best?.distance ?? .infinity
      else { continue }
      best = (distance, entry.choice)
    }
    return best?.choice
  }

  /// A line an entry.
  var text: String {
    let lines = entries.map { entry in
      let size = entry.size
      let words = [
        size.family.rawValue, "\(size.rows)", "\(size.columns)", "\(size.inner)",
        "\(size.matrices)", entry.choice?.name ?? Self.usual, "\(entry.milliseconds)",
        "\(entry.usualMilliseconds)",
      ]
      return words.joined(separator: "\t")
    }
    return ([Self.head] + lines).joined(separator: "\n") + "\n"
  }

  /// What a file says; nil if it is not such a text, or names a cut that is not among `candidates`.
  init?(_ text: String, among candidates: [TileChoice]) {
    let lines = text.split(separator: "\n")
    guard lines.first == Self.head[...], lines.count <= Self.largest + 1 else { return nil }
    for line in lines.dropFirst() {
      let words = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      guard words.count == 8, let family = TuningSize.Family(rawValue: words[0]),
        let milliseconds = Double(words[6]), let usual = Double(words[7]),
        milliseconds.isFinite, usual.isFinite
      else { return nil }
      let choice = candidates.first { $0.name == words[5] }
      guard choice != nil || words[5] == Self.usual else { return nil }
      let sizes = words[1...4].compactMap { Int($0) }
      guard sizes.count == 4, sizes.allSatisfy({ (1...1 << 40).contains($0) }) else { return nil }
      add(
        Entry(
          TuningSize(
            family, rows: sizes[0], columns: sizes[1], inner: sizes[2], matrices: sizes[3]),
          choice, milliseconds: milliseconds, usualMilliseconds: usual))
    }
  }
}

/// The tables on disk, one for each device, driver and version of the kernels.
package struct TuningFiles {
  private let cache: BinaryCache
  private let key: Digest
  private let label: BinaryCache.Label
  private let candidates: [TileChoice]

  /// Nil if there is no home for them.
  init?(_ information: DeviceInformation, _ flavour: OpenCLBackend.Flavour) {
    guard let cache = Self.cache else { return nil }
    self.cache = cache
    candidates = TileChoice.candidates(flavour, on: information)
    key = Digest(of: [
      information.platform, information.name, information.driver, flavour.rawValue,
      KernelText.matmul, flavour == .cpu ? KernelText.matmulCPU : KernelText.matmulGPU,
      KernelText.convolutionGather + KernelText.convolutionGPU,
      candidates.map(\.name).joined(separator: " "),
    ])
    label = BinaryCache.Label(
      program: "tuning", device: information.name, platform: information.platform)
  }

  /// Those of a device that is not opened for it.
  package init?(deviceIndex index: Int) throws(TensorError) {
    let devices = try OpenCLBackend.devices()
    guard devices.indices.contains(index) else { return nil }
    self.init(devices[index], try OpenCLBackend.flavour(for: devices[index]))
  }

  private static var cache: BinaryCache? { BinaryCache.inHome("tuning", capacity: 1 << 20) }

  /// Where it is.
  package var path: String { cache.path(key) }

  /// The table, empty if there is none, and whether there is one that is damaged.
  package func load() -> (table: TuningTable, isDamaged: Bool) {
    guard let bytes = cache.load(key), let text = String(validating: bytes, as: UTF8.self),
      let table = TuningTable(text, among: candidates)
    else { return (TuningTable(), access(path, F_OK) == 0) }
    return (table, false)
  }

  /// Writes it in place of an earlier one, whole or not at all.
  package func store(_ table: TuningTable) throws(TensorError) {
    cache.store(Array(table.text.utf8), as: key, label)
    guard load().table.text == table.text else {
      throw TensorError(.io, "tune", "\(path) cannot be written", code: errno)
    }
  }

  /// Removes all tables, and returns how many files and bytes that were.
  package static func clear() -> (files: Int, bytes: Int) { cache?.clear() ?? (0, 0) }
}

/// What a backend asks for the cut of a product: its table, or what is being tried.
final class Tuning: @unchecked Sendable {
  // Unchecked: guarded by `lock`.
  private let lock = Lock()
  private var table: TuningTable?
  private var forced: TileChoice??
  private let files: TuningFiles?

  init(_ files: TuningFiles?, _ table: TuningTable?) {
    self.files = files
    self.table = table
  }

  /// The cut for a size; nil for the usual one.
  func choice(for size: TuningSize) -> TileChoice? {
    lock.withLock {
      if let forced { return forced }
      if let table { return table.choice(for: size) }
      let found = files?.load() ?? (table: TuningTable(), isDamaged: false)
      if found.isDamaged, let files {
        let line = "apus: \(files.path) is damaged and not used; apus kernels tune makes it anew\n"
        _ = Array(line.utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
      }
      table = found.table
      return found.table.choice(for: size)
    }
  }

  /// Takes this cut for every product that is made while `body` runs; nil for the usual one.
  func forcing<Result>(
    _ choice: TileChoice?, _ body: () throws(TensorError) -> Result
  ) throws(TensorError) -> Result {
    lock.withLock { forced = .some(choice) }
    defer { lock.withLock { forced = nil } }
    return try body()
  }
}
