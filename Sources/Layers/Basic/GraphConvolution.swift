public import Geometry
public import Tensors

/// A layer on the nodes of a graph: each takes in the messages of its neighbours, which are their
/// features times a kernel, summed or averaged, and its own features times another.
///
/// `[nodes, features]` → `[nodes, units]`; the order of nodes does not matter, nor does their
/// number.
public final class GraphConvolution: Module {
  /// How the messages that arrive at a node become one.
  public enum Aggregation: String, Sendable {
    case sum, mean, max
  }

  private let units: Int
  private let aggregation: Aggregation
  private let activation: ActivationFunction
  /// `[features, units]` for a node itself, Glorot uniform.
  public let kernel = Weight(.glorotUniform)
  /// `[features, units]` for its neighbours, Glorot uniform.
  public let messageKernel = Weight(.glorotUniform)
  /// `[units]`, zeros.
  public let bias: Weight?

  /// - Parameters:
  ///   - units: the features that a node comes to have.
  ///   - aggregation: how the messages that arrive at a node become one.
  ///   - activation: applied to the result, bias included.
  ///   - useBias: whether there is a bias, which begins as 0.
  public init(
    _ units: Int, aggregation: Aggregation = .sum, activation: ActivationFunction = .linear,
    useBias: Bool = true
  ) {
    self.units = units
    self.aggregation = aggregation
    self.activation = activation
    bias = useBias ? Weight(.zeros) : nil
  }

  /// - Parameters:
  ///   - nodes: `[nodes, features]`.
  ///   - sources: `[edges]`, the node that each edge leaves.
  ///   - targets: `[edges]`, the node that each edge leads to.
  ///   - edgeWeights: `[edges]`, what each message is multiplied by.
  public func callAsFunction(
    _ nodes: Tensor, sources: Tensor, targets: Tensor, edgeWeights: Tensor? = nil
  ) throws(TensorError) -> Tensor {
    try call(nodes, sources, targets) { () throws(TensorError) in
      guard nodes.rank == 2, sources.rank == 1, sources.shape == targets.shape else {
        throw TensorError(
          .shape, "graphConvolution", "takes [nodes, features] and two ends for each edge",
          operands: [
            TensorInfo(nodes, name: "nodes"), TensorInfo(sources, name: "sources"),
            TensorInfo(targets, name: "targets"),
          ])
      }
      let shape: Shape = [nodes.shape[1], units]
      var messages = try matmul(nodes, messageKernel(shape, like: nodes)).gather(sources)
      if let edgeWeights { messages = try messages * edgeWeights.expanded(at: 1) }
      let gathered: Tensor
      switch aggregation {
      case .sum: gathered = try messages.segmentSum(targets, count: nodes.shape[0])
      case .mean: gathered = try messages.segmentMean(targets, count: nodes.shape[0])
      case .max: gathered = try messages.segmentMax(targets, count: nodes.shape[0])
      }
      var result = try matmul(nodes, kernel(shape, like: nodes)) + gathered
      if let bias { result = try result + bias([units], like: nodes) }
      return try activation(result)
    }
  }
}
