internal import Data
internal import Formats
internal import Geometry
internal import Glibc
internal import Layers
internal import Tensors

/// Data as the command knows them: a set by name, a folder, or a file.
struct DataSource {
  let name: String
  let train: Dataset<Example>
  let test: Dataset<Example>
  let classNames: [String]
  /// What one sample is like.
  let input: Shape
  let inputType: ScalarType
  /// Whether each sample has one label, not one an element.
  var hasOneLabel = true
  /// What is to be said of the data before they are used.
  var remark: String?

  var classCount: Int { classNames.count }

  static let sets = [
    "fashion-mnist", "drawn-digits", "blobs", "moons", "circles", "spirals", "xor",
  ]

  /// - Parameters:
  ///   - name: of a set; or a path: a folder of IDX files, a folder of pictures by class, a CSV file.
  ///   - model: what pictures are resized for.
  init(named name: String?, for model: ModelSource, seed: Int) throws {
    let name = name ?? "fashion-mnist"
    var status = stat()
    if Self.sets.contains(name) {
      self = try Self.set(name, seed: UInt64(seed))
    } else if stat(name, &status) == 0 {
      if status.st_mode & S_IFMT == S_IFDIR {
        self = try Self.folder(name, model, seed: UInt64(seed))
      } else if name.hasSuffix(".csv") {
        self = try Self.table(name, seed: UInt64(seed))
      } else {
        throw TensorError(
          .unsupportedFile, "data", "\(name) is neither a folder nor a .csv file")
      }
    } else if name.contains("/") || name.contains(".") {
      throw TensorError(
        .io, "data", "\(name): \(String(cString: strerror(ENOENT)))", code: ENOENT)
    } else {
      let near = suggestion(for: name, among: Self.sets)
      throw UsageError(
        "--data: no set is called \"\(name)\""
          + (near.isEmpty ? "; there are \(Self.sets.joined(separator: ", ")), or a path" : near))
    }
  }

  private init(
    _ name: String, _ train: Dataset<Example>, _ test: Dataset<Example>, _ classNames: [String]
  ) throws {
    self.name = name
    self.train = train
    self.test = test
    self.classNames = classNames
    guard let first = try train.makeIterator().next()?.inputs.first else {
      throw TensorError(.argument, "data", "\(name) has no sample to train on")
    }
    input = first.shape
    inputType = first.scalarType
  }

  private static func set(_ name: String, seed: UInt64) throws -> DataSource {
    func both(
      _ classes: [String], _ make: (Int, UInt64) throws -> Dataset<Example>
    ) throws -> DataSource {
      // Of another seed, so that no sample is in both.
      var source = try DataSource(name, make(2000, seed), make(500, seed &+ 0x5EED), classes)
      source.remark = "\(name) is a made set: 2,000 points to train on, 500 to test with"
      return source
    }
    switch name {
    case "fashion-mnist":
      let data = try FashionMNIST()
      return try DataSource(name, data.train, data.test, data.classNames)
    case "drawn-digits":
      var source = try DataSource(
        name, scaled(.drawnDigits(count: 20_000, seed: seed)),
        scaled(.drawnDigits(count: 4_000, seed: seed &+ 0x5EED)), (0..<10).map { "\($0)" })
      source.remark = "drawn-digits is a made set: 20,000 digits to train on, 4,000 to test with"
      return source
    case "blobs": return try both(["0", "1", "2"]) { try .blobs(count: $0, seed: $1) }
    case "moons": return try both(["upper", "lower"]) { try .moons(count: $0, seed: $1) }
    case "circles": return try both(["outer", "inner"]) { try .circles(count: $0, seed: $1) }
    case "spirals": return try both(["0", "1"]) { try .spirals(count: $0, seed: $1) }
    default: return try both(["equal", "different"]) { try .xor(count: $0, seed: $1) }
    }
  }

  /// Bytes as numbers from 0 to 1, made once and kept.
  private static func scaled(_ data: Dataset<Example>) throws -> Dataset<Example> {
    let block = try ExampleBlock(data.elements())
    let pixels = try Values(block.inputs[0].tensor().cast(to: .float32) * (1 / 255))
    return Dataset(try ExampleBlock(inputs: [pixels], targets: block.targets))
  }

  private static func folder(_ path: String, _ model: ModelSource, seed: UInt64) throws
    -> DataSource
  {
    let names = TextFile.names(in: path) ?? []
    if names.contains(where: { $0.hasPrefix("train-images") }) {
      let data = try MNIST(folder: path)
      return try DataSource(path, data.train, data.test, data.classNames)
    }
    let shape = model.input.map(Array.init) ?? []
    let isImage = shape.count == 3
    let folder = try ImageFolder(
      path, size: isImage ? Array(shape.prefix(2)) : nil, channels: isImage ? shape[2] : 3)
    let (train, test) = parted(folder.examples, folder.count, seed)
    var source = try DataSource(path, train, test, folder.classNames)
    source.remark =
      "\(path): \(folder.count) pictures of \(folder.classNames.count) classes, a fifth to test with"
    return source
  }

  /// Four fifths and one fifth, in an order of its own.
  private static func parted(
    _ data: Dataset<Example>, _ count: Int, _ seed: UInt64
  ) -> (train: Dataset<Example>, test: Dataset<Example>) {
    let mixed = data.shuffled(seed: seed, anew: false)
    let testCount = max(1, count / 5)
    return (mixed.skip(testCount), mixed.take(testCount))
  }

  /// A table: numbers, and in the last column the class.
  private static func table(_ path: String, seed: UInt64) throws -> DataSource {
    let table = try CSVTable(path: path)
    guard let label = table.names.last, table.names.count > 1, table.rowCount > 1 else {
      throw TensorError(
        .corruptFile, "data", "\(path): needs columns of numbers, one of classes, and two rows")
    }
    let features = Array(table.names.dropLast())
    let numbers = try table.matrix(features)
    if let place = numbers.firstIndex(where: { !$0.isFinite }) {
      throw TensorError(
        .corruptFile, "data",
        "\(path): row \(place / features.count + 1): column \"\(features[place % features.count])\" "
          + "has no finite number")
    }
    let labels = try table.strings(label)
    let names = Set(labels.compactMap(\.self)).sorted(by: ordered)
    let places = Dictionary(names.enumerated().map { ($1, Int32($0)) }) { first, _ in first }
    var classes: [Int32] = []
    for (row, text) in labels.enumerated() {
      guard let place = text.flatMap({ places[$0] }) else {
        throw TensorError(.corruptFile, "data", "\(path): row \(row + 1) has no \"\(label)\"")
      }
      classes.append(place)
    }
    let data = try Dataset<Example>(
      inputs: Values(numbers, shape: [table.rowCount, features.count]),
      targets: Values(classes, shape: [table.rowCount]))
    let (train, test) = parted(data, table.rowCount, seed)
    var source = try DataSource(path, train, test, names)
    source.remark =
      "\(path): \(table.rowCount) rows of \(features.count) numbers, \(names.count) classes in "
      + "\"\(label)\", a fifth to test with"
    return source
  }

  /// Numbers by value, texts by their letters.
  private static func ordered(_ left: String, _ right: String) -> Bool {
    if let a = Double(left), let b = Double(right), a != b { return a < b }
    return left < right
  }
}
