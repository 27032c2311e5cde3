public import Data
public import Geometry
internal import Layers
internal import Tensors

extension Trainer {
  /// Trains on `data` for that many passes, and returns what was measured in each.
  ///
  /// - Parameters:
  ///   - data: the batches to train on.
  ///   - validation: measured after each epoch, as `val_loss` and so on.
  ///   - epochs: how many there are to be in all; a training that is resumed counts those before.
  ///   - stepsPerEpoch: how many steps make an epoch, for data without an end; else an epoch is a
  ///     pass over the data.
  ///   - callbacks: called in this order, those that write things down after the others.
  ///   - path: a checkpoint to go on from, or a folder, of which the newest good one is taken: the
  ///     training continues to the bits it would have ended in.
  /// - Throws: `TensorError`: of kind `cancelled` after `cancel()`, and whatever data, model, and
  ///   callbacks throw.
  @discardableResult
  public func fit(
    _ data: Dataset<Batch>, validation: Dataset<Batch>? = nil, epochs: Int,
    stepsPerEpoch: Int? = nil, callbacks: [any Callback] = [], resumingFrom path: String? = nil
  ) throws(TensorError) -> History {
    guard epochs > 0, accumulation > 0, stepsPerEpoch.map({ $0 > 0 }) ?? true else {
      throw TensorError(
        .argument, "fit",
        "\(epochs) epochs of \(stepsPerEpoch.map(String.init) ?? "all") steps, each of "
          + "\(accumulation) batches")
    }
    isReady = false
    let context = TrainingContext(
      self, data, validation, epochs: epochs,
      stepsPerEpoch: stepsPerEpoch
        ?? data.count.map { ($0 + accumulation - 1) / accumulation })
    let loop = TrainingLoop(context, stepsPerEpoch: stepsPerEpoch, callbacks)
    self.loop = loop
    if let path { try loop.resume(from: path) }
    do {
      return try withRandomSource(random) {
        try withDevice(device) { try loop.run() }
      }
    } catch { throw error.asTensorError }
  }

  /// The epoch's numbers as they are now; waits for the device.
  func runningValues() throws(TensorError) -> [String: Double] {
    guard let loop else { return [:] }
    return try loop.runningValues()
  }
}
