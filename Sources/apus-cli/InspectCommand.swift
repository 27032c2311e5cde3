internal import Formats
internal import Geometry
internal import Tensors

/// `apus inspect`: what is in a file of tensors.
enum InspectCommand: Verb {
  static let name = "inspect"
  static let summary = "Lists the tensors of a file with shapes, types and statistics."
  static let positionals = ["PATH"]
  static let options = [
    Option.only, .flag("no-statistics", "read the header only"), .json,
  ]
  static let details = """
    PATH is a checkpoint or another safetensors file, or ends with .npy or .npz. Minimum, maximum, mean
    and deviation are those of the finite elements; the others are counted.
    """

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let path = arguments.positionals[0]
    let file = try TensorListing(path)
    let names = try arguments.selected(file.names.sorted()) { $0 }
    let isJSON = arguments.has("json")
    var lines: [TensorLine] = []
    for name in names {
      let array = try file.array(name)
      let statistics =
        arguments.has("no-statistics") ? nil : try Statistics(of: try array.tensor())
      let line = TensorLine(name, array.shape, array.scalarType, array.byteCount, statistics)
      // A table is as wide as its widest line; lines of JSON come as they are known.
      if isJSON { try Output.json(line.members) } else { lines.append(line) }
    }
    guard isJSON else { return try print(lines, metadata: file.metadata) }
    if !file.metadata.isEmpty {
      try Output.json([("metadata", .object(file.metadata.mapValues { .string($0) }))])
    }
    return .done
  }

  private static func print(
    _ lines: [TensorLine], metadata: [String: String]
  ) throws -> ExitCode {
    let rows = lines.map(\.row)
    let table = Table(fitting: rows, TensorLine.columns)
    if !rows.isEmpty { try Output.text(table.header) }
    for row in rows { try Output.text(table.line(row)) }
    let elements = lines.reduce(0) { $0 + $1.shape.count }
    let bytes = lines.reduce(0) { $0 + $1.byteCount }
    try Output.text("\(lines.count) tensors, \(elements) elements, \(bytes) bytes")
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      try Output.text("\(key): \(value.count > 200 ? value.prefix(200) + "…" : value)")
    }
    return .done
  }
}

/// The tensors of a file of any of the formats that are known by their endings.
struct TensorListing {
  struct Array {
    let shape: Shape
    let scalarType: ScalarType
    let byteCount: Int
    let bytes: () throws -> [UInt8]

    func tensor() throws -> Tensor {
      try bytes().withUnsafeBytes {
        try Tensor(bytes: $0, shape: shape, as: scalarType, on: .cpu)
      }
    }
  }

  let names: [String]
  var metadata: [String: String] = [:]
  let array: (_ name: String) throws -> Array

  init(_ path: String) throws {
    if path.hasSuffix(".npy") {
      let array = try NPY(path: path)
      names = [path.split(separator: "/").last.map(String.init) ?? path]
      self.array = { _ in Self.array(array) }
    } else if path.hasSuffix(".npz") {
      let file = try NPZFile(path: path)
      names = file.names
      array = { Self.array(try file.array($0)) }
    } else {
      let file = try SafetensorsFile(path: path)
      names = file.names
      metadata = file.metadata
      array = { name in
        let entry = try file.entry(name)
        return Array(
          shape: entry.shape, scalarType: entry.scalarType, byteCount: entry.byteCount
        ) { try file.bytes(name) }
      }
    }
  }

  private static func array(_ array: NPY) -> Array {
    Array(shape: array.shape, scalarType: array.scalarType, byteCount: array.bytes.count) {
      array.bytes
    }
  }
}

/// A tensor of a file, as it is listed.
struct TensorLine {
  let name: String
  let shape: Shape
  let scalarType: ScalarType
  let byteCount: Int
  let statistics: Statistics?

  init(
    _ name: String, _ shape: Shape, _ scalarType: ScalarType, _ byteCount: Int,
    _ statistics: Statistics?
  ) {
    self.name = name
    self.shape = shape
    self.scalarType = scalarType
    self.byteCount = byteCount
    self.statistics = statistics
  }

  static let columns: [Column] = [
    .text("tensor", 0), .text("type", 0), .text("shape", 0), .number("min", 0), .number("max", 0),
    .number("mean", 0), .number("deviation", 0), .text("", 0),
  ]

  var row: [String] {
    let numbers = statistics.map { [$0.minimum, $0.maximum, $0.mean, $0.deviation] }
    let cells = numbers?.map { $0.isNaN ? "" : "\($0.rounded(significant: 4))" }
    let oddities = statistics.map { $0.oddities } ?? ""
    return [name, "\(scalarType)", "\(shape)"] + (cells ?? ["", "", "", ""]) + [oddities]
  }

  var members: [(String, JSON)] {
    var members: [(String, JSON)] = [
      ("tensor", .string(name)), ("type", .string("\(scalarType)")),
      ("shape", .array(shape.map { .integer($0) })), ("bytes", .integer(byteCount)),
    ]
    if let statistics {
      members += [
        ("min", .number(statistics.minimum)), ("max", .number(statistics.maximum)),
        ("mean", .number(statistics.mean)), ("deviation", .number(statistics.deviation)),
        ("zeros", .integer(statistics.zeros)), ("nan", .integer(statistics.notNumbers)),
        ("infinite", .integer(statistics.infinite)),
      ]
    }
    return members
  }
}

/// What the elements of a tensor are like. NaN where there is no finite one.
struct Statistics {
  private(set) var minimum = Double.nan, maximum = Double.nan
  private(set) var mean = Double.nan, deviation = Double.nan
  private(set) var zeros = 0, notNumbers = 0, infinite = 0

  init(of tensor: Tensor) throws {
    var (count, mean, squares) = (0.0, 0.0, 0.0)
    var (smallest, largest) = (Double.infinity, -Double.infinity)
    for value in try tensor.scalars(as: Double.self) {
      guard value.isFinite else {
        if value.isNaN { notNumbers += 1 } else { infinite += 1 }
        continue
      }
      if value == 0 { zeros += 1 }
      count += 1
      // Welford's update: no difference of large sums.
      let step = value - mean
      mean += step / count
      squares += step * (value - mean)
      smallest = min(smallest, value)
      largest = max(largest, value)
    }
    guard count > 0 else { return }
    (minimum, maximum, self.mean) = (smallest, largest, mean)
    deviation = (squares / count).squareRoot()
  }

  /// `3 NaN, 1 infinite`
  var oddities: String {
    var parts: [String] = []
    if notNumbers > 0 { parts.append("\(notNumbers) NaN") }
    if infinite > 0 { parts.append("\(infinite) infinite") }
    return parts.joined(separator: ", ")
  }
}
