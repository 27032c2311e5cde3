internal import COpenCL

/// An object of the OpenCL runtime, released when its owner goes.
///
/// `Kind` only tells handles apart: the runtime's own types are all the same to Swift.
struct Handle<Kind>: ~Copyable {
  let raw: OpaquePointer
  private let health: DeviceHealth
  private let release: (OpaquePointer) -> cl_int

  init(_ raw: OpaquePointer, _ health: DeviceHealth, release: @escaping (OpaquePointer) -> cl_int) {
    self.raw = raw
    self.health = health
    self.release = release
  }

  // A driver whose device is lost may hang in any call: what it holds is left to it.
  deinit { if !health.isLost { _ = release(raw) } }
}

enum ContextKind {}
enum QueueKind {}
enum ProgramKind {}
enum KernelKind {}
