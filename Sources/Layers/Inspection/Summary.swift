public import Geometry
public import Tensors

/// What a model is made of: its layers with shapes, parameters and costs. Nothing is computed for
/// it.
public struct Summary: Sendable {
  /// One call of a layer, in the order of calls. Modules that only call others have none.
  public struct Row: Sendable {
    /// Where the layer is in the model: `blocks.3.first`.
    public let path: String
    /// The name of its type.
    public let layer: String
    /// The shape of its result without the batch; of the first if there are several.
    public let output: [Int]
    /// Its own parameters, and those of them that are trained. Zero where it is called again.
    public let parameters: Int, trainable: Int
    /// For one element of the batch, in products and convolutions.
    public let multiplications: Int
    /// The bytes of its result for one element of the batch.
    public let activationBytes: Int
    /// How many rows and columns of the image an element of the result can see; nil for results
    /// that are not images.
    public let receptiveField: [Int]?
  }

  /// The name of its type, or what it is to be called in reports.
  public var model: String
  /// Without the batch.
  public let input: [Int]
  /// Its layers in the order of their calls.
  public let rows: [Row]
  /// Of the whole model, including what no call has met.
  public let parameters: Int, trainable: Int
  /// Those that no optimizer changes.
  public var nonTrainable: Int { parameters - trainable }
  /// For one element of the batch.
  public let multiplications: Int
  /// The bytes of all results of layers for one element of the batch.
  public let activationBytes: Int
}

extension Layer {
  /// What this model is made of, for inputs of a shape that leaves the batch out.
  ///
  /// Weights without a shape are built; nothing is computed.
  public func summary(
    input: Shape, as type: ScalarType = .float32, on device: Device? = nil
  ) throws(TensorError) -> Summary {
    let x = try Tensor.zeros(Shape([1] + Array(input)), as: type, on: device)
    return try summary(inputs: [x]) { () throws -> Tensor in try self(x) }
  }
}

extension Module {
  /// What this model is made of, for a model that is called otherwise than with one tensor.
  ///
  /// - Parameters:
  ///   - inputs: tensors with a batch of one; their values do not matter.
  ///   - call: calls the model with them.
  public func summary<Result>(
    inputs: [Tensor], call: () throws -> Result
  ) throws(TensorError) -> Summary {
    let trace = Trace()
    _ = try trace.watch { try withPhase(.inference) { try call() } }
    return Summarizer(self, trace, inputs).summary()
  }
}

/// Turns the calls of a model into a summary.
private struct Summarizer {
  private let model: any Module
  private let calls: [Trace.Call]
  private let inputs: [Tensor]
  private let graph: GraphCosts
  private var paths: [ObjectIdentifier: String] = [:]

  init(_ model: any Module, _ trace: Trace, _ inputs: [Tensor]) {
    self.model = model
    calls = trace.calls
    self.inputs = inputs
    graph = GraphCosts(trace.calls.flatMap(\.results), from: inputs)
    for (path, module) in model.modules { paths[ObjectIdentifier(module)] = path }
  }

  func summary() -> Summary {
    var rows: [Summary.Row] = []
    var seen: Set<ObjectIdentifier> = []
    for (index, call) in calls.enumerated() {
      let isLeaf = index + 1 == calls.count || calls[index + 1].depth <= call.depth
      let weights = ownWeights(of: call.module)
      guard isLeaf || !weights.isEmpty, let result = call.results.first else { continue }
      let isFirst = seen.insert(ObjectIdentifier(call.module)).inserted
      let counts = isFirst ? Self.counts(weights) : (0, 0)
      rows.append(
        Summary.Row(
          path: paths[ObjectIdentifier(call.module)] ?? "",
          layer: "\(type(of: call.module))",
          output: Array(result.shape).dropFirst().map { $0 },
          parameters: counts.0, trainable: counts.1,
          multiplications: multiplications(of: index),
          activationBytes: call.results.reduce(0) { $0 + $1.count * $1.scalarType.byteCount },
          receptiveField: graph.receptiveField(of: result)))
    }
    let all = Self.counts(model.weights.map(\.weight))
    return Summary(
      model: "\(type(of: model))", input: Array(inputs.first?.shape ?? []).dropFirst().map { $0 },
      rows: rows, parameters: all.0, trainable: all.1,
      multiplications: graph.multiplications(in: 0..<UInt64.max),
      activationBytes: rows.reduce(0) { $0 + $1.activationBytes })
  }

  /// Those of a call that happen in no call inside it.
  private func multiplications(of index: Int) -> Int {
    let call = calls[index]
    var count = graph.multiplications(in: call.serials)
    for inner in calls[(index + 1)...] {
      if inner.depth <= call.depth { break }
      if inner.depth == call.depth + 1 { count -= graph.multiplications(in: inner.serials) }
    }
    return count
  }

  /// The weights it holds itself, not by modules inside it.
  private func ownWeights(of module: any Module) -> [Weight] {
    let inner = Set(
      module.layers.flatMap { $0.layer.weights.map { ObjectIdentifier($0.weight.identity) } })
    return module.weights.map(\.weight).filter { !inner.contains(ObjectIdentifier($0.identity)) }
  }

  private static func counts(_ weights: [Weight]) -> (all: Int, trained: Int) {
    weights.reduce((0, 0)) { sum, weight in
      let count = weight.parameter?.shape.count ?? 0
      return (sum.0 + count, sum.1 + (weight.isTrained ? count : 0))
    }
  }
}
