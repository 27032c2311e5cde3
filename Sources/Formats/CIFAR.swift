public import Geometry

/// Pictures and labels as the binary files of CIFAR-10 and CIFAR-100 hold them.
///
/// A record is one label (CIFAR-10) or a coarse and a fine one (CIFAR-100), then 32 × 32 pixels,
/// first all red samples, then green, then blue.
public struct CIFAR: Sendable {
  /// The two layouts of a record.
  public enum Variant: Sendable {
    /// One label of 10.
    case ten
    /// A label of 20 coarse ones, then one of 100 fine ones.
    case hundred

    var labelLimits: [UInt8] {
      switch self {
      case .ten: [10]
      case .hundred: [20, 100]
      }
    }
  }

  /// The samples, `[count, 32, 32, 3]`: those of a pixel together.
  public let pixels: [UInt8]
  /// The label of each picture: of CIFAR-100 the fine one.
  public let labels: [UInt8]
  /// The coarse label of each picture; empty for CIFAR-10.
  public let coarseLabels: [UInt8]

  public var count: Int { labels.count }

  private static let operation = "CIFAR"
  private static let pixelCount = 32 * 32

  /// Reads the files at `paths`, one after the other.
  public init(paths: [String], _ variant: Variant) throws(TensorError) {
    var files: [InputFile] = []
    for path in paths { files.append(try InputFile(path: path, operation: Self.operation)) }
    try self.init(files, variant)
  }

  /// Reads what `bytes`, the contents of the file called `name`, hold.
  public init(_ bytes: [UInt8], name: String, _ variant: Variant) throws(TensorError) {
    try self.init([BytesInMemory(bytes: bytes, path: name, operation: Self.operation)], variant)
  }

  private init(_ sources: [any ByteSource], _ variant: Variant) throws(TensorError) {
    let limits = variant.labelLimits
    let size = limits.count + 3 * Self.pixelCount
    for source in sources where source.byteCount % size != 0 || source.byteCount == 0 {
      throw source.corrupt("\(source.byteCount) bytes are not whole records of \(size)")
    }
    let count = sources.reduce(0) { $0 + $1.byteCount / size }
    var labels: [[UInt8]] = limits.map { _ in [] }
    pixels = try filledBytes(count * 3 * Self.pixelCount) { target throws(TensorError) in
      var picture = 0
      for source in sources {
        for record in 0..<(source.byteCount / size) {
          let bytes = try source.bytes(at: record * size, count: size)
          for (place, limit) in limits.enumerated() {
            guard bytes[place] < limit else {
              throw source.corrupt("record \(record): label \(bytes[place]) of \(limit)")
            }
            labels[place].append(bytes[place])
          }
          let start = picture * 3 * Self.pixelCount
          for channel in 0..<3 {
            let plane = limits.count + channel * Self.pixelCount
            for pixel in 0..<Self.pixelCount {
              target[start + 3 * pixel + channel] = bytes[plane + pixel]
            }
          }
          picture += 1
        }
      }
    }
    self.labels = labels[limits.count - 1]
    coarseLabels = limits.count == 2 ? labels[0] : []
  }
}
