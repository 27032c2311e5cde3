internal import Glibc

/// Built programs on disk, for the next process.
///
/// A folder that cannot be written, a file that is damaged or of another version: all the same as
/// an empty cache.
struct BinaryCache {
  let folder: String
  private let capacity: Int
  private static let magic: [UInt8] = Array("APUSKRN2".utf8)
  /// The size of what stands before the label: the magic, the digest of all behind it, and the
  /// length of the label.
  private static let headCount = magic.count + Digest.byteCount + 2

  /// What an entry is of, for whoever lists them.
  struct Label {
    /// The file of kernels: `reduction.cl`.
    let program: String
    let device: String, platform: String
  }

  /// `$XDG_CACHE_HOME/apus/kernels`, if there is a home for it.
  static let standard = inHome("kernels")

  /// `$XDG_CACHE_HOME/apus/` and that name, if there is a home for it.
  static func inHome(_ name: String, capacity: Int = 64 << 20) -> BinaryCache? {
    if let base = getenv("XDG_CACHE_HOME"), base[0] != 0 {
      return BinaryCache(folder: String(cString: base) + "/apus/" + name, capacity: capacity)
    }
    guard let home = getenv("HOME"), home[0] != 0 else { return nil }
    return BinaryCache(folder: String(cString: home) + "/.cache/apus/" + name, capacity: capacity)
  }

  init(folder: String, capacity: Int = 64 << 20) {
    self.folder = folder
    self.capacity = capacity
  }

  func load(_ key: Digest) -> [UInt8]? {
    let file = open(path(key), O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    guard let (_, payload) = read(file) else { return nil }
    // The time tells which entries nobody has used for long.
    futimens(file, nil)
    return payload
  }

  /// The label and the program in an open file, if that is an entry and undamaged.
  private func read(_ file: Int32) -> (Label, [UInt8])? {
    var status = stat()
    guard fstat(file, &status) == 0, status.st_size > Self.headCount, status.st_size <= capacity
    else { return nil }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    let count = bytes.withUnsafeMutableBytes { rest in
      Self.transfer(rest.count) { done, left in
        pread(file, rest.baseAddress.map { $0 + done }, left, off_t(done))
      }
    }
    guard count == bytes.count, bytes.starts(with: Self.magic) else { return nil }
    let digestEnd = Self.headCount - 2
    guard
      bytes[Self.magic.count..<digestEnd].elementsEqual(
        Digest(of: Array(bytes[digestEnd...])).bytes)
    else { return nil }
    let labelEnd = Self.headCount + Int(bytes[digestEnd]) + Int(bytes[digestEnd + 1]) << 8
    guard labelEnd <= bytes.count else { return nil }
    let words = bytes[Self.headCount..<labelEnd].split(
      separator: 0, omittingEmptySubsequences: false
    )
    .map { String(decoding: $0, as: UTF8.self) }
    guard words.count == 3 else { return nil }
    return (
      Label(program: words[0], device: words[1], platform: words[2]), Array(bytes[labelEnd...])
    )
  }

  func store(_ payload: [UInt8], as key: Digest, _ label: Label) {
    let words = [label.program, label.device, label.platform].map { Array($0.utf8.prefix(200)) }
    let text = Array(words.joined(separator: [0]))
    let rest = [UInt8(text.count & 0xFF), UInt8(text.count >> 8)] + text + payload
    let bytes = Self.magic + Digest(of: rest).bytes + rest
    guard bytes.count <= capacity / 2, makeFolder() else { return }
    makeRoom(bytes.count)
    // Complete under another name first: who reads meanwhile finds the old file or the new one.
    let temporary = path(key) + ".\(getpid()).tmp"
    unlink(temporary)
    let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard file >= 0 else { return }
    let count = bytes.withUnsafeBytes { rest in
      Self.transfer(rest.count) { done, left in
        pwrite(file, rest.baseAddress.map { $0 + done }, left, off_t(done))
      }
    }
    let closed = close(file)
    if count < bytes.count || closed != 0 || rename(temporary, path(key)) != 0 { unlink(temporary) }
  }

  /// Repeats a system call, given what is done and what is left, until all is done or it fails.
  private static func transfer(_ count: Int, _ call: (Int, Int) -> Int) -> Int {
    var done = 0
    while done < count {
      let more = call(done, count - done)
      if more < 0 && errno == EINTR { continue }
      if more <= 0 { break }
      done += more
    }
    return done
  }

  func path(_ key: Digest) -> String { "\(folder)/\(key.hexadecimal).bin" }

  private func makeFolder() -> Bool {
    var path = ""
    for part in folder.split(separator: "/") {
      path += "/" + part
      guard mkdir(path, 0o755) == 0 || errno == EEXIST else { return false }
    }
    return access(folder, W_OK) == 0
  }

  /// Removes the entries that have not been used for longest until `byteCount` more fit.
  private func makeRoom(_ byteCount: Int) {
    let entries = files()
    var total = entries.reduce(byteCount) { $0 + $1.size }
    for entry in entries.sorted(by: { $0.time < $1.time }) where total > capacity {
      if unlink(entry.path) == 0 { total -= entry.size }
    }
  }

  /// What lies in the folder: entries, damaged ones and abandoned temporary files too.
  private func files() -> [(path: String, size: Int, time: Int)] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var found: [(path: String, size: Int, time: Int)] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      var status = stat()
      let path = folder + "/" + name
      guard name.hasSuffix(".bin") || name.hasSuffix(".tmp"), stat(path, &status) == 0 else {
        continue
      }
      found.append((path, Int(status.st_size), status.st_mtim.tv_sec))
    }
    return found
  }

  /// The undamaged entries, the latest used first.
  func entries() -> [KernelCache.Entry] {
    files().sorted { $0.time > $1.time }.compactMap { path, size, time in
      let file = open(path, O_RDONLY | O_CLOEXEC)
      guard file >= 0 else { return nil }
      defer { close(file) }
      guard path.hasSuffix(".bin"), let (label, _) = read(file) else { return nil }
      return KernelCache.Entry(
        file: String(path.split(separator: "/").last ?? ""), program: label.program,
        device: label.device, platform: label.platform, byteCount: size, lastUsed: time)
    }
  }

  /// Removes everything, and returns how many files and bytes that were.
  func clear() -> (files: Int, bytes: Int) {
    files().reduce((0, 0)) { sum, file in
      unlink(file.path) == 0 ? (sum.0 + 1, sum.1 + file.size) : sum
    }
  }
}
