public import Geometry
public import Tensors

/// A module that carries numbers from one call to the next that are no weights, as a stateful
/// recurrent layer does: a checkpoint holds them too.
public protocol StatefulModule: Module {
  /// What it carries, by name; nothing before its first call.
  var carriedState: [String: Tensor] { get }

  /// Goes on from what it carried earlier; from the beginning if that is nothing.
  ///
  /// - Throws: `TensorError` of kind `corruptFile` if it never carries such a thing.
  func restoreCarriedState(_ state: [String: Tensor]) throws(TensorError)
}
