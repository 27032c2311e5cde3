internal import Data
internal import Formats
internal import Geometry
internal import Tensors

/// Samples that have one label each.
enum LabelledData {
  static let sets: [NamedSet] = [
    NamedSet("fashion-mnist") { name, _ in
      let data = try FashionMNIST()
      return try DataSource(name, data.train, data.test, classNames: data.classNames)
    },
    NamedSet("drawn-digits") { name, request in
      var source = try DataSource(
        name, scaled(.drawnDigits(count: 20_000, seed: request.seed)),
        scaled(.drawnDigits(count: 4_000, seed: request.seed &+ 0x5EED)),
        classNames: (0..<10).map { "\($0)" })
      source.remark = "drawn-digits is a made set: 20,000 digits to train on, 4,000 to test with"
      return source
    },
    points("blobs", ["0", "1", "2"]) { try .blobs(count: $0, seed: $1) },
    points("moons", ["upper", "lower"]) { try .moons(count: $0, seed: $1) },
    points("circles", ["outer", "inner"]) { try .circles(count: $0, seed: $1) },
    points("spirals", ["0", "1"]) { try .spirals(count: $0, seed: $1) },
    points("xor", ["equal", "different"]) { try .xor(count: $0, seed: $1) },
  ]

  private static func points(
    _ name: String, _ classes: [String],
    _ make: @escaping @Sendable (Int, UInt64) throws -> Dataset<Example>
  ) -> NamedSet {
    NamedSet(name) { name, request in
      // Of another seed, so that no sample is in both.
      var source = try DataSource(
        name, make(2000, request.seed), make(500, request.seed &+ 0x5EED), classNames: classes)
      source.remark = "\(name) is a made set: 2,000 points to train on, 500 to test with"
      return source
    }
  }

  /// Bytes as numbers from 0 to 1, made once and kept.
  private static func scaled(_ data: Dataset<Example>) throws -> Dataset<Example> {
    let block = try ExampleBlock(data.elements())
    let pixels = try Values(block.inputs[0].tensor().cast(to: .float32) * (1 / 255))
    return Dataset(try ExampleBlock(inputs: [pixels], targets: block.targets))
  }

  /// The IDX files of MNIST or a relative, or pictures by class.
  static func folder(_ path: String, _ request: DataRequest) throws -> DataSource {
    let names = try namesInFolder(path, in: "data")
    if names.contains(where: { $0.hasPrefix("train-images") }) {
      let data = try MNIST(folder: path)
      return try DataSource(path, data.train, data.test, classNames: data.classNames)
    }
    let folder = try ImageFolder(
      path, size: request.picture.size, channels: request.picture.channels)
    guard request.classNames.isEmpty || request.classNames == folder.classNames else {
      throw TensorError(
        .unsupportedFile, "data",
        "\(path) has the classes \(folder.classNames.joined(separator: ", ")), the model knows "
          + request.classNames.joined(separator: ", "))
    }
    let (train, test) = DataSource.parted(folder.examples, folder.count, request.seed)
    var source = try DataSource(path, train, test, classNames: folder.classNames)
    source.remark =
      "\(path): \(folder.count) pictures of \(folder.classNames.count) classes, a fifth to test with"
    return source
  }

  /// A table: numbers, and in the last column the class.
  static func table(_ path: String, _ request: DataRequest) throws -> DataSource {
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
    let names =
      request.classNames.isEmpty
      ? Set(labels.compactMap(\.self)).sorted(by: ordered) : request.classNames
    let places = Dictionary(names.enumerated().map { ($1, Int32($0)) }) { first, _ in first }
    var classes: [Int32] = []
    for (row, text) in labels.enumerated() {
      guard let place = text.flatMap({ places[$0] }) else {
        throw TensorError(
          .corruptFile, "data",
          "\(path): row \(row + 1) "
            + (text.map { "is of class \"\($0)\", which the model does not know" }
              ?? "has no \"\(label)\""))
      }
      classes.append(place)
    }
    let data = try Dataset<Example>(
      inputs: Values(numbers, shape: [table.rowCount, features.count]),
      targets: Values(classes, shape: [table.rowCount]))
    let (train, test) = DataSource.parted(data, table.rowCount, request.seed)
    var source = try DataSource(path, train, test, classNames: names)
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
