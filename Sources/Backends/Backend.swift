package import Geometry

/// A place where tensors live and are computed: flat buffers, and one protocol a kernel family.
///
/// A backend knows no tensors, no gradients and no layers. It makes kernels from geometry; whoever
/// holds a kernel runs it as often as it likes. Kernels run in the order they are started; those of
/// an asynchronous device may finish later.
package typealias Backend = DeviceAccess & ElementwiseKernels & ReductionKernels
  & MatrixProductKernels & AssemblyKernels & ScanKernels & LookupKernels & ConvolutionKernels
  & PoolingKernels & NormalizationKernels & RecurrenceKernels & LinearAlgebraKernels
  & SoftmaxKernels

/// Memory and time of one device.
package protocol DeviceAccess: AnyObject, Sendable {
  /// `cpu` or `opencl:0`.
  var name: String { get }
  var information: DeviceInformation { get }
  var memory: MemoryPool { get }

  /// Copies from the host into device memory. The source may be reused on return.
  func write(_ source: UnsafeRawBufferPointer, to target: Binding) throws(TensorError)
  /// Waits for the kernels started so far, then copies from device memory to the host.
  ///
  /// - Throws: an error of kind `index` if one of the kernels met an index out of range in data and
  ///   could not say so when it was started.
  func read(_ source: Binding, into target: UnsafeMutableRawBufferPointer) throws(TensorError)
  /// Waits for the kernels started so far. Throws as `read` does.
  func synchronize() throws(TensorError)
}

/// Memory an argument of a kernel refers to: a buffer and where in it the argument starts.
///
/// Does not keep the buffer alive: whoever runs a kernel does.
package struct Binding {
  package let buffer: Unmanaged<DeviceBuffer>
  package let byteOffset: Int

  @inlinable package init(_ buffer: borrowing DeviceBuffer, byteOffset: Int = 0) {
    self.buffer = .passUnretained(buffer)
    self.byteOffset = byteOffset
  }

  @inlinable init(unretained buffer: Unmanaged<DeviceBuffer>, byteOffset: Int) {
    self.buffer = buffer
    self.byteOffset = byteOffset
  }

  /// The same buffer, so many bytes further on.
  @inlinable package func advanced(by byteCount: Int) -> Binding {
    Binding(unretained: buffer, byteOffset: byteOffset + byteCount)
  }
}

/// What a kernel is run on.
package struct Call {
  /// The inputs, then the results, in the order the kernel's family says.
  package let bindings: UnsafePointer<Binding>
  /// The scalars of the kernel's program as `Word`s, then a seed and a counter for each generator.
  package let words: UnsafePointer<UInt64>
  /// Memory of `Kernel.workspaceByteCount` bytes or more, if that is not 0.
  package let workspace: Binding?

  @inlinable package init(
    bindings: UnsafePointer<Binding>, words: UnsafePointer<UInt64>, workspace: Binding? = nil
  ) {
    self.bindings = bindings
    self.words = words
    self.workspace = workspace
  }
}

/// Something made once from geometry and run often. Run by one thread at a time.
package protocol Kernel: AnyObject {
  /// How a plan and a profile call it: `matmul [64, 784] × [784, 512]`.
  var label: String { get }
  /// What it needs for itself while it runs.
  var workspaceByteCount: Int { get }

  /// Starts it. On an asynchronous device it may not have finished on return.
  ///
  /// - Throws: what is wrong with the data, where that is known at once: an index out of range, a
  ///   matrix that is singular. The evaluation is then taken back.
  func run(_ call: Call) throws(TensorError)
}

extension Kernel {
  package var workspaceByteCount: Int { 0 }
}
