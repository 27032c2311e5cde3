internal import Formats
internal import Geometry
internal import Layers
internal import Models
internal import Tensors

/// A model as the command knows it: an architecture by name, or a description in a file.
struct ModelSource {
  /// What it is called in reports, and what checkpoints say it was made from.
  let name: String
  /// The description, if it came from a file: kept with checkpoints, so that they are complete.
  let text: String?
  /// What one sample is like, if that is known.
  let input: Shape?
  let inputType: ScalarType
  /// What it is to learn.
  let purpose: Purpose
  private let build: (_ classes: Int?) throws -> any Layer

  /// - Parameter name: of an architecture; or of a file, which ends with `.json`.
  init(named name: String) throws {
    guard name.hasSuffix(".json") else {
      let architecture: Architecture
      do throws(TensorError) { architecture = try Architecture.named(name) } catch {
        let names = Architecture.all.map(\.name)
        let near = suggestion(for: name, among: names)
        throw UsageError(
          "--model: no model is called \"\(name)\""
            + (near.isEmpty
              ? "; there are \(names.joined(separator: ", ")), or a file that ends with .json"
              : near))
      }
      self.init(architecture)
      return
    }
    let bytes = try contents(ofFile: name, limit: 1 << 22, in: "model")
    try self.init(
      describedBy: String(decoding: bytes, as: UTF8.self), source: name)
  }

  init(_ architecture: Architecture) {
    name = architecture.name
    text = nil
    input = architecture.input
    inputType = architecture.inputType
    purpose = architecture.purpose
    build = { architecture.make(classes: $0) }
  }

  /// - Parameters:
  ///   - text: the JSON.
  ///   - source: where it comes from, for errors; a file by whose name the model goes if it has none.
  ///   - name: what it is called if the description does not say it.
  init(describedBy text: String, source: String, name: String? = nil) throws {
    let json = try JSON(parsing: text, source: source, in: "model")
    guard let object = json.object else {
      throw TensorError(.corruptFile, "model", "\(source): not an object")
    }
    var arguments = LayerArguments(object, path: source)
    let file = source.split(separator: "/").last.map(String.init) ?? source
    self.name = try arguments.string("name") ?? name ?? String(file.prefix { $0 != "." })
    // It names the folder of the run.
    guard !self.name.isEmpty, !self.name.hasPrefix("."), !self.name.contains("/") else {
      throw arguments.error("name: \"\(self.name)\" is not the name of a folder")
    }
    input = try arguments.shape("input")
    let type = try arguments.string("input_type") ?? "float32"
    guard let inputType = ScalarType.allCases.first(where: { $0.description == type }) else {
      throw arguments.error("input_type: there is no type \"\(type)\"")
    }
    self.inputType = inputType
    let task = try arguments.string("task") ?? Purpose.classification.rawValue
    guard let purpose = Purpose(rawValue: task) else {
      let known = Purpose.allCases.map(\.rawValue)
      let near = suggestion(for: task, among: known)
      throw arguments.error(
        "task: there is no \"\(task)\""
          + (near.isEmpty ? "; there are \(known.joined(separator: ", "))" : near))
    }
    self.purpose = purpose
    let layers = try arguments.layers("layers")
    try arguments.finish()
    // Built once here, so that a mistake is found before anything else is done.
    _ = try LayerFactory.sequence(layers)
    self.text = text
    build = { _ in try LayerFactory.sequence(layers) }
  }

  /// A new model with weights still to be made.
  ///
  /// - Parameter classes: how many an architecture is to tell apart; a description says it itself.
  func make(classes: Int? = nil) throws -> any Layer { try build(classes) }
}

/// The arguments of a layer in a description, each asked for once; what nobody asked for is a
/// mistake.
struct LayerArguments {
  private let object: [String: JSON]
  /// Where in the description it is: `model.json: layers.3 (Dense)`.
  let path: String
  private var asked: Set<String> = []

  init(_ object: [String: JSON], path: String) {
    self.object = object
    self.path = path
  }

  func error(_ problem: String) -> TensorError {
    TensorError(.corruptFile, "model", "\(path): \(problem)")
  }

  func isGiven(_ name: String) -> Bool { object[name] != nil }

  private mutating func value(_ name: String) -> JSON? {
    asked.insert(name)
    return object[name]
  }

  private mutating func value<Value>(
    _ name: String, _ what: String, _ convert: (JSON) -> Value?
  ) throws(TensorError) -> Value? {
    guard let value = value(name) else { return nil }
    guard let converted = convert(value) else { throw error("\(name): \(value) is not \(what)") }
    return converted
  }

  mutating func integer(_ name: String) throws(TensorError) -> Int? {
    try value(name, "a whole number", \.integer)
  }

  mutating func number(_ name: String) throws(TensorError) -> Double? {
    try value(name, "a number", \.double)
  }

  mutating func bool(_ name: String) throws(TensorError) -> Bool? {
    try value(name, "true or false", \.boolean)
  }

  mutating func string(_ name: String) throws(TensorError) -> String? {
    try value(name, "a text", \.string)
  }

  mutating func integers(_ name: String) throws(TensorError) -> [Int]? {
    try value(name, "an array of whole numbers", \.integers)
  }

  /// What a sample may be like.
  mutating func shape(_ name: String) throws(TensorError) -> Shape? {
    guard let extents = try integers(name) else { return nil }
    guard (1..<Shape.maximumRank).contains(extents.count),
      extents.allSatisfy({ (1...1 << 24).contains($0) }),
      extents.reduce(1.0, { $0 * Double($1) }) <= 0x1p31
    else { throw error("\(name): \(extents) is not the shape of a sample") }
    return Shape(extents)
  }

  /// One number for both axes of an image, or two.
  mutating func pair(_ name: String) throws(TensorError) -> [Int]? {
    let found = try value(name, "a whole number or two of them") { value -> [Int]? in
      if let one = value.integer { return [one, one] }
      return value.integers.flatMap { $0.count == 2 ? $0 : nil }
    }
    if let found, !found.allSatisfy({ (1...1 << 20).contains($0) }) {
      throw error("\(name): \(found) is out of range")
    }
    return found
  }

  /// A number of at least 1 that must be there.
  mutating func size(_ name: String) throws(TensorError) -> Int {
    guard let size = try integer(name) else { throw error("\(name) is missing") }
    guard (1...1 << 24).contains(size) else { throw error("\(name): \(size) is out of range") }
    return size
  }

  /// Descriptions of layers, with where they are.
  mutating func layers(_ name: String) throws(TensorError) -> [LayerDescription] {
    guard let array = try value(name, "an array of layers", \.array) else {
      throw error("\(name) is missing")
    }
    var layers: [LayerDescription] = []
    for (index, element) in array.enumerated() {
      let place = "\(path): \(name).\(index)"
      guard let object = element.object, let type = object["layer"]?.string else {
        throw TensorError(
          .corruptFile, "model", "\(place): not an object with the name of a \"layer\"")
      }
      let own = object["name"]?.string
      layers.append(
        LayerDescription(
          type: type, name: own ?? "\(index)", object: object,
          path: "\(place) (\(own.map { "\($0), " } ?? "")\(type))"))
    }
    return layers
  }

  /// Throws if something is there that was not asked for.
  func finish() throws(TensorError) {
    guard let unknown = object.keys.sorted().first(where: { !asked.contains($0) }) else { return }
    let known = asked.subtracting(["layer", "name"]).sorted()
    let near = suggestion(for: unknown, among: known)
    throw error(
      "unknown argument \"\(unknown)\""
        + (near.isEmpty
          ? (known.isEmpty ? ", it takes none" : ", it takes \(known.joined(separator: ", "))")
          : near))
  }
}

/// One layer of a description.
struct LayerDescription {
  let type: String
  let name: String
  let object: [String: JSON]
  let path: String
}
