internal import Backends
package import Geometry

extension Device {
  /// Makes every buffer of its own exact size and keeps none, so that a checker of memory sees each
  /// access outside a tensor and each read of what was never written.
  package func allocateExactSizes(_ isOn: Bool) throws(TensorError) {
    try place.backend.memory.allocatesExactSizes = isOn
  }
}
