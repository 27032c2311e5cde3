internal import Formats
public import Geometry
public import Layers
public import Tensors

/// What became of the tensors of a file that was loaded.
public struct LoadReport: Sendable {
  /// Paths of weights that were put in.
  public internal(set) var loaded: [String] = []
  /// Weights of the model that the file does not have.
  public internal(set) var missing: [String] = []
  /// Tensors of the file that the model has no place for.
  public internal(set) var unexpected: [String] = []
  /// Weights whose shape is another than in the file, each with both.
  public internal(set) var mismatched: [String] = []

  var isExact: Bool { missing.isEmpty && unexpected.isEmpty && mismatched.isEmpty }

  /// All that does not fit, in one sentence.
  var problems: String {
    func part(_ what: String, _ names: [String]) -> String? {
      guard !names.isEmpty else { return nil }
      let shown = names.prefix(8).joined(separator: ", ")
      return "\(names.count) \(what): \(shown)" + (names.count > 8 ? ", …" : "")
    }
    return [
      part("missing in it", missing), part("unknown to the model", unexpected),
      part("of another shape", mismatched),
    ].compactMap(\.self).joined(separator: "; ")
  }
}

extension Module {
  /// Writes all weights, running statistics too, to a safetensors file: under their paths, with a
  /// checksum each. The file appears at once and whole, or not at all.
  ///
  ///     try model.save(to: "lenet.safetensors")
  ///
  /// - Throws: `TensorError` if a weight has not been built, or the file cannot be written; what
  ///   was there before is then as it was.
  public func save(to path: String) throws(TensorError) {
    try TensorFile.write(.weights, weightValues(), to: path)
  }

  /// Puts the weights of a safetensors file in: one that `save(to:)` or a checkpoint has written,
  /// on whatever device, or anybody's whose tensors are called as the weights are.
  ///
  ///     try model.load(from: "lenet.safetensors")
  ///     try body.load(from: "lenet.safetensors", partially: true)            // what fits
  ///     try encoder.load(from: "translator.safetensors") {                   // renamed
  ///       $0.hasPrefix("encoder.") ? String($0.dropFirst(8)) : nil
  ///     }
  ///
  /// Weights that have no shape yet take that of the file.
  ///
  /// - Parameters:
  ///   - path: a safetensors file.
  ///   - partially: takes what fits by name and shape and leaves the rest; else whatever does not
  ///     fit is told in one error.
  ///   - device: where weights without a shape go; by default the current one.
  ///   - rename: the path in this model for a name in the file; nil to leave the tensor out.
  /// - Throws: `TensorError` before anything has changed: a file that is damaged, or does not fit.
  @discardableResult
  public func load(
    from path: String, partially: Bool = false, on device: Device? = nil,
    rename: ((_ name: String) -> String?)? = nil
  ) throws(TensorError) -> LoadReport {
    try load(TensorFile(path: path), partially: partially, on: device, rename: rename)
  }

  @discardableResult
  func load(
    _ file: TensorFile, partially: Bool, on device: Device?, rename: ((String) -> String?)? = nil
  ) throws(TensorError) -> LoadReport {
    let own = weights
    let (report, sources) = try match(file, own, rename)
    guard partially || report.isExact else {
      throw TensorError(
        .argument, "load", "\(file.path) does not fit the model: \(report.problems)",
        hint: "load(from:partially: true) takes what fits")
    }
    var values: [(weight: Weight, value: Tensor)] = []
    for named in own {
      guard let name = sources[named.path] else { continue }
      let place: Device
      if let given = named.weight.parameter?.value.device ?? device {
        place = given
      } else {
        place = try Device.current
      }
      var value = try file.tensor(name, on: place)
      if let type = named.weight.parameter?.value.scalarType {
        value = try value.cast(to: type)
      } else if value.scalarType == .float16 || value.scalarType == .bfloat16 {
        value = try value.cast(to: .float32)
      }
      values.append((named.weight, value))
    }
    try evaluate(values.map(\.value))
    for (weight, value) in values { try weight.assign(value) }
    for place in Set(values.map(\.value.device)) { try evaluateAssignments(on: place) }
    return report
  }

  /// Which tensor of the file goes to which path, and what is left over.
  private func match(
    _ file: TensorFile, _ own: [NamedWeight], _ rename: ((String) -> String?)?
  ) throws(TensorError) -> (LoadReport, sources: [String: String]) {
    let places = Dictionary(own.map { ($0.path, $0.weight) }, uniquingKeysWith: { a, _ in a })
    var report = LoadReport()
    var sources: [String: String] = [:]
    var taken: Set<String> = []
    for name in file.names {
      if file.kind == .checkpoint, TrainingState.isState(name) { continue }
      var place = name
      if let rename {
        guard let renamed = rename(name) else { continue }
        place = renamed
      }
      guard let weight = places[place] else {
        report.unexpected.append(name)
        continue
      }
      guard taken.insert(place).inserted else {
        throw TensorError(
          .argument, "load", "\(file.path): two tensors for \(place), one of them \"\(name)\"")
      }
      let shape = try file.entry(name).shape
      if let parameter = weight.parameter, parameter.shape != shape {
        report.mismatched.append("\(place) is \(parameter.shape), in the file \(shape)")
        continue
      }
      sources[place] = name
      report.loaded.append(place)
    }
    report.missing = own.map(\.path).filter { !taken.contains($0) }
    return (report, sources)
  }
}
