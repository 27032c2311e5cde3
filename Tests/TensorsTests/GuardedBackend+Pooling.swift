import Backends
import Geometry

extension GuardedBackend: PoolingKernels {
  func maximum(_ pooling: Pooling, findsWinners: Bool) throws(TensorError) -> any Kernel {
    let count = pooling.outputShape.count
    return guarded(
      try base.maximum(pooling, findsWinners: findsWinners), inputs: 1,
      results: [(count, pooling.type)] + (findsWinners ? [(count, pooling.winnerType)] : []))
  }

  func spread(_ pooling: Pooling) throws(TensorError) -> any Kernel {
    guarded(
      try base.spread(pooling), inputs: 2, results: [(pooling.inputShape.count, pooling.type)])
  }

  func pick(_ pooling: Pooling) throws(TensorError) -> any Kernel {
    guarded(
      try base.pick(pooling), inputs: 2, results: [(pooling.outputShape.count, pooling.type)])
  }

  func resampling(_ resampling: Resampling) throws(TensorError) -> any Kernel {
    guarded(
      try base.resampling(resampling), inputs: 1,
      results: [(resampling.outputShape.count, resampling.type)])
  }

  func patches(_ patches: Patches) throws(TensorError) -> any Kernel {
    guarded(
      try base.patches(patches), inputs: 1, results: [(patches.outputShape.count, patches.type)])
  }

  func fold(_ patches: Patches) throws(TensorError) -> any Kernel {
    guarded(try base.fold(patches), inputs: 1, results: [(patches.inputShape.count, patches.type)])
  }
}
