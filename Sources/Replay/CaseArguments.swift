internal import Formats
package import Geometry
package import Tensors

/// The inputs and attributes of a case, each handed out when it is asked for.
///
/// What nobody asked for is an error at the end: an attribute that is overlooked would let a case
/// pass that computes something else.
package final class CaseArguments {
  private let golden: GoldenCase
  private let device: Device
  private let attributes: [String: JSON]
  private var unused: Set<String>
  private var unusedInputs: Set<String>
  private var inputs: [String: Tensor] = [:]

  init(_ golden: GoldenCase, on device: Device) {
    self.golden = golden
    self.device = device
    attributes = golden.attributes
    unused = Set(attributes.keys)
    unusedInputs = Set(golden.tensorNames.filter { !Self.isExpectation($0) })
  }

  /// The attributes of a part of the case: a layer, an optimizer. It has no inputs of its own.
  private init(part: [String: JSON], of whole: CaseArguments) {
    golden = whole.golden
    device = whole.device
    attributes = part
    unused = Set(part.keys)
    unusedInputs = []
  }

  /// What an attribute that is an object says.
  func part(_ name: String) throws(TensorError) -> CaseArguments {
    CaseArguments(part: try value(name, "an object") { $0.object }, of: self)
  }

  /// What each object of a list says.
  func parts(_ name: String) throws(TensorError) -> [CaseArguments] {
    try value(name, "a list of objects") { list in
      let objects = list.array?.compactMap(\.object)
      return objects?.count == list.array?.count ? objects : nil
    }.map { CaseArguments(part: $0, of: self) }
  }

  /// The inputs whose names begin so, without that beginning.
  func names(after prefix: String) -> [String] {
    golden.tensorNames.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
  }

  private static func isExpectation(_ name: String) -> Bool {
    name == "y" || name == "gy" || name == "losses"
      || ["y.", "gy.", "grad.", "p.after.", "after."].contains { name.hasPrefix($0) }
  }

  /// Checks that every attribute and every input has been asked for.
  func finish() throws(TensorError) {
    for (what, names) in [("attribute", unused), ("input", unusedInputs)] where !names.isEmpty {
      let list = names.sorted().joined(separator: ", ")
      throw TensorError(
        .argument, "replay",
        "unknown \(what)\(names.count == 1 ? "" : "s") of "
          + "\(golden.operation): \(list)")
    }
  }
}

// Inputs
extension CaseArguments {
  /// The tensor of that name on the device of the run.
  package func tensor(_ name: String) throws(TensorError) -> Tensor {
    unusedInputs.remove(name)
    if let tensor = inputs[name] { return tensor }
    let (entry, bytes) = try golden.contents(name)
    let device = device
    let result = bytes.withUnsafeBytes { raw in
      Result { () throws(TensorError) in
        try Tensor(bytes: raw, shape: entry.shape, as: entry.scalarType, on: device)
      }
    }
    let tensor = try result.get()
    inputs[name] = tensor
    return tensor
  }

  /// The tensor of that name, or nil if the case has none.
  package func optionalTensor(_ name: String) throws(TensorError) -> Tensor? {
    golden.contains(name) ? try tensor(name) : nil
  }

  /// `name.0`, `name.1` and so on.
  package func tensors(_ name: String) throws(TensorError) -> [Tensor] {
    var found: [Tensor] = []
    while let next = try optionalTensor("\(name).\(found.count)") { found.append(next) }
    return found
  }
}

// Attributes
extension CaseArguments {
  private func value<Value>(
    _ name: String, _ kind: String, _ convert: (JSON) -> Value?
  ) throws(TensorError) -> Value {
    unused.remove(name)
    guard let value = attributes[name] else {
      throw TensorError(.argument, "replay", "\(golden.operation) needs the attribute \(name)")
    }
    guard let converted = convert(value) else {
      throw TensorError(
        .argument, "replay", "attribute \(name) of \(golden.operation) is \(value), not \(kind)")
    }
    return converted
  }

  private func optional<Value>(
    _ name: String, _ kind: String, _ convert: (JSON) -> Value?
  ) throws(TensorError) -> Value? {
    if attributes[name] == .null {
      unused.remove(name)
      return nil
    }
    return try value(name, kind, convert)
  }

  package func boolean(_ name: String) throws(TensorError) -> Bool {
    try value(name, "true or false") { $0.boolean }
  }

  package func integer(_ name: String) throws(TensorError) -> Int {
    try value(name, "an integer") { $0.integer }
  }

  package func optionalInteger(_ name: String) throws(TensorError) -> Int? {
    try optional(name, "an integer or null") { $0.integer }
  }

  package func integers(_ name: String) throws(TensorError) -> [Int] {
    try value(name, "a list of integers") { $0.integers }
  }

  package func optionalIntegers(_ name: String) throws(TensorError) -> [Int]? {
    try optional(name, "a list of integers or null") { $0.integers }
  }

  package func number(_ name: String) throws(TensorError) -> Double {
    try value(name, "a number") { $0.double }
  }

  package func optionalNumber(_ name: String) throws(TensorError) -> Double? {
    try optional(name, "a number or null") { $0.double }
  }

  package func string(_ name: String) throws(TensorError) -> String {
    try value(name, "a string") { $0.string }
  }

  /// One of `choices`, by the name it has in the file.
  package func choice<Choice>(
    _ name: String, _ choices: KeyValuePairs<String, Choice>
  ) throws(TensorError) -> Choice {
    let known = choices.map { "\"\($0.key)\"" }.joined(separator: ", ")
    return try value(name, "one of \(known)") { value in
      choices.first { $0.key == value.string }?.value
    }
  }

  /// Pairs of integers: `[[1, 2], [0, 3]]`.
  package func pairs(_ name: String) throws(TensorError) -> [(Int, Int)] {
    try value(name, "a list of pairs of integers") { value in
      guard let rows = value.array else { return nil }
      var pairs: [(Int, Int)] = []
      for row in rows {
        guard let pair = row.integers, pair.count == 2 else { return nil }
        pairs.append((pair[0], pair[1]))
      }
      return pairs
    }
  }

  /// Passes over attributes that only explain the case.
  package func skip(_ names: String...) { unused.subtract(names) }

  /// Checks that the case does not use these attributes: they are null or absent.
  package func expectUnused(_ names: String...) throws(TensorError) {
    for name in names where attributes[name] != nil {
      _ = try value(name, "null, and nothing else is supported") { $0.isNull ? true : nil }
    }
  }
}
