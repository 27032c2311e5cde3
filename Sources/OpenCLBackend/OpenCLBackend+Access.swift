package import Backends
internal import COpenCL
package import Geometry

extension OpenCLBackend: DeviceAccess {
  package func write(_ source: UnsafeRawBufferPointer, to target: Binding) throws(TensorError) {
    try health.requireDevice()
    guard let start = source.baseAddress, source.count > 0 else { return }
    let code = clEnqueueWriteBuffer(
      queue.handle.raw, target.memory, cl_bool(CL_TRUE), target.byteOffset, source.count, start, 0,
      nil, nil)
    try health.check(code, "clEnqueueWriteBuffer", .wait)
  }

  package func read(_ source: Binding, into target: UnsafeMutableRawBufferPointer)
    throws(TensorError)
  {
    try health.requireDevice()
    guard let start = target.baseAddress, target.count > 0 else { return }
    let code = clEnqueueReadBuffer(
      queue.handle.raw, source.memory, cl_bool(CL_TRUE), source.byteOffset, target.count, start, 0,
      nil, nil)
    try health.check(code, "clEnqueueReadBuffer", .wait)
    try indexFaults.check()
  }

  package func synchronize() throws(TensorError) {
    try health.requireDevice()
    try health.check(clFinish(queue.handle.raw), "clFinish", .wait)
    try indexFaults.check()
  }
}

extension Binding {
  /// The memory object that the buffer's handle is.
  var memory: cl_mem { OpaquePointer(buffer._withUnsafeGuaranteedRef { $0.handle }) }
}
