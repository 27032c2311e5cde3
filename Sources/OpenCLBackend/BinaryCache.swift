internal import Glibc

/// Built programs on disk, for the next process.
///
/// A folder that cannot be written, a file that is damaged or of another version: all the same as an
/// empty cache.
struct BinaryCache {
  private let folder: String
  private let capacity: Int
  private static let magic: [UInt8] = Array("APUSKRN1".utf8)

  /// `$XDG_CACHE_HOME/apus/kernels`, if there is a home for it.
  static let standard: BinaryCache? = {
    if let base = getenv("XDG_CACHE_HOME"), base[0] != 0 {
      return BinaryCache(folder: String(cString: base) + "/apus/kernels")
    }
    guard let home = getenv("HOME"), home[0] != 0 else { return nil }
    return BinaryCache(folder: String(cString: home) + "/.cache/apus/kernels")
  }()

  init(folder: String, capacity: Int = 64 << 20) {
    self.folder = folder
    self.capacity = capacity
  }

  func load(_ key: Digest) -> [UInt8]? {
    let file = open(path(key), O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var status = stat()
    let head = Self.magic.count + Digest.byteCount
    guard fstat(file, &status) == 0, status.st_size > head, status.st_size <= capacity else {
      return nil
    }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    let count = bytes.withUnsafeMutableBytes { rest in
      Self.transfer(rest.count) { done, left in
        pread(file, rest.baseAddress.map { $0 + done }, left, off_t(done))
      }
    }
    guard count == bytes.count else { return nil }
    let payload = Array(bytes[head...])
    guard bytes.starts(with: Self.magic),
      bytes[Self.magic.count..<head].elementsEqual(Digest(of: payload).bytes)
    else { return nil }
    // The time tells which entries nobody has used for long.
    futimens(file, nil)
    return payload
  }

  func store(_ payload: [UInt8], as key: Digest) {
    let bytes = Self.magic + Digest(of: payload).bytes + payload
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

  private func path(_ key: Digest) -> String { "\(folder)/\(key.hexadecimal).bin" }

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
    guard let directory = opendir(folder) else { return }
    defer { closedir(directory) }
    var entries: [(path: String, size: Int, time: Int)] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      var status = stat()
      let path = folder + "/" + name
      guard name.hasSuffix(".bin") || name.hasSuffix(".tmp"), stat(path, &status) == 0 else {
        continue
      }
      entries.append((path, Int(status.st_size), status.st_mtim.tv_sec))
    }
    var total = entries.reduce(byteCount) { $0 + $1.size }
    for entry in entries.sorted(by: { $0.time < $1.time }) where total > capacity {
      if unlink(entry.path) == 0 { total -= entry.size }
    }
  }
}

/// 128 bits that tell texts and files apart. Not for secrets.
struct Digest: Hashable {
  static let byteCount = 16

  private var low: UInt64 = 0x9e37_79b9_7f4a_7c15
  private var high: UInt64 = 0xc2b2_ae3d_27d4_eb4f

  init(of texts: [String]) {
    for text in texts {
      var text = text
      text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
    }
  }

  init(of bytes: [UInt8]) { bytes.withUnsafeBytes { add($0) } }

  private mutating func add(_ bytes: UnsafeRawBufferPointer) {
    var i = 0
    while i < bytes.count {
      var word: UInt64 = 0
      if i + 8 <= bytes.count {
        word = bytes.loadUnaligned(fromByteOffset: i, as: UInt64.self)
      } else {
        for k in i..<bytes.count { word = word << 8 | UInt64(bytes[k]) }
      }
      mix(word)
      i += 8
    }
    mix(UInt64(bytes.count))
  }

  private mutating func mix(_ word: UInt64) {
    let product = (low ^ word).multipliedFullWidth(by: 0xa076_1d64_78bd_642f | 1)
    high = (high ^ word &* 0xe703_7ed1_a0b4_28db) &* 0x8ebc_6af0_9c88_c6e3
    high ^= high >> 32
    low = product.high ^ product.low ^ high
  }

  var bytes: [UInt8] {
    [low, high].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
  }

  var hexadecimal: String {
    bytes.map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }
}
