package import Backends
internal import CPUKernels
package import Geometry

extension CPUBackend: AssemblyKernels {
  package func assembly(_ assembly: Assembly) throws(TensorError) -> any Kernel {
    AssemblyKernel(assembly)
  }
}

private final class AssemblyKernel: Kernel {
  let label: String
  private let assembly: Assembly
  private let parts: [assembly_part]
  /// What the result is filled with before the parts are stored.
  private let fill: UInt64?

  init(_ assembly: Assembly) {
    self.assembly = assembly
    label = "assembly \(assembly.shape) of \(assembly.parts.count)"
    parts = assembly.parts.map { assembly_part($0, elementSize: assembly.type.byteCount) }
    let covered = assembly.parts.reduce(0) { $0 + $1.source.shape.count }
    fill = covered < assembly.shape.count ? assembly.fill : nil
  }

  func run(_ call: Call) throws(TensorError) {
    let result = call.address(parts.count)
    if let fill {
      assembly_fill(
        result, Int64(assembly.shape.count), Int32(assembly.type.byteCount), fill)
    }
    parts.withUnsafeBufferPointer { parts in
      for (index, _) in parts.enumerated() {
        assembly_copy(parts.baseAddress.map { $0 + index }, call.address(index), result)
      }
    }
  }
}

extension assembly_part {
  fileprivate init(_ part: Assembly.Part, elementSize: Int) {
    self.init()
    rank = Int32(part.source.shape.rank)
    element_size = Int32(elementSize)
    source = assembly_side(part.source)
    destination = assembly_side(part.destination)
    withUnsafeMutableBytes(of: &extents) { bytes in
      for axis in 0..<part.source.shape.rank {
        bytes.storeBytes(
          of: Int64(part.source.shape[axis]), toByteOffset: 8 * axis, as: Int64.self)
      }
    }
  }
}

extension assembly_side {
  fileprivate init(_ layout: Layout) {
    self.init()
    offset = Int64(layout.offset)
    withUnsafeMutableBytes(of: &strides) { bytes in
      for (axis, stride) in layout.strides.enumerated() {
        bytes.storeBytes(of: Int64(stride), toByteOffset: 8 * axis, as: Int64.self)
      }
    }
  }
}
