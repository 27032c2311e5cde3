internal import COpenCL
internal import Geometry
internal import Synchronization

/// Whether a device still answers: first it does, then perhaps never again.
///
/// After some errors any call into a driver may hang, so nothing calls it any more: every operation
/// throws `deviceLost` and nothing is released. Data on the host stays valid; to go on, open the
/// device anew and load a checkpoint.
final class DeviceHealth: Sendable {
  /// What a call was for, which decides what its failure means.
  enum Moment {
    /// Making an object: nothing has happened yet.
    case setup
    /// Starting a kernel, among others that have been started: the work is left half done.
    case launch
    /// Waiting for the device, or copying.
    case wait
  }

  private let device: String
  private let lost = Atomic<Bool>(false)
  private let cause = Atomic<Int32>(0)

  init(device: String) { self.device = device }

  var isLost: Bool { lost.load(ordering: .acquiring) }

  func markLost(_ code: cl_int) {
    cause.store(code, ordering: .relaxed)
    lost.store(true, ordering: .releasing)
  }

  @inline(__always)
  func requireDevice() throws(TensorError) {
    if isLost { throw lostError("no call reaches it any more", cause.load(ordering: .relaxed)) }
  }

  /// Throws unless `code` says that `call` went well.
  @inline(__always)
  func check(_ code: cl_int, _ call: StaticString, _ moment: Moment = .setup) throws(TensorError) {
    if code != CL_SUCCESS { throw failure(code, call, moment) }
  }

  /// The handle that `call` made, if it made one.
  func check(_ raw: OpaquePointer?, _ code: cl_int, _ call: StaticString) throws(TensorError)
    -> OpaquePointer
  {
    guard code == CL_SUCCESS, let raw else { throw failure(code, call, .setup) }
    return raw
  }

  func failure(_ code: cl_int, _ call: StaticString, _ moment: Moment) -> TensorError {
    let text = "\(call) failed with \(OpenCLCode.name(code))"
    if moment == .launch || OpenCLCode.meansLoss(code, whileWaiting: moment == .wait) {
      markLost(code)
      return lostError(text, code)
    }
    let kind: TensorError.Kind = OpenCLCode.isShortage(code) ? .outOfMemory : .device
    return TensorError(kind, device, text, code: code)
  }

  private func lostError(_ text: String, _ code: cl_int) -> TensorError {
    TensorError(
      .deviceLost, device, "the device is lost: \(text)",
      hint: "open the device anew and load the last checkpoint", code: code)
  }
}

/// The error codes of OpenCL.
enum OpenCLCode {
  /// Whether a device that answers so cannot be used again in this process.
  static func meansLoss(_ code: cl_int, whileWaiting: Bool) -> Bool {
    switch code {
    case CL_OUT_OF_RESOURCES: whileWaiting
    case CL_DEVICE_NOT_AVAILABLE, CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST: true
    case CL_INVALID_COMMAND_QUEUE, CL_INVALID_CONTEXT: true
    // NVIDIA's code for an illegal access by a kernel.
    case -9999: true
    default: false
    }
  }

  /// Whether freeing memory may help.
  static func isShortage(_ code: cl_int) -> Bool {
    code == CL_MEM_OBJECT_ALLOCATION_FAILURE || code == CL_OUT_OF_RESOURCES
      || code == CL_OUT_OF_HOST_MEMORY || code == CL_INVALID_BUFFER_SIZE
  }

  /// `CL_OUT_OF_RESOURCES (-5)`
  static func name(_ code: cl_int) -> String {
    let known: String? =
      switch code {
      case CL_DEVICE_NOT_FOUND: "CL_DEVICE_NOT_FOUND"
      case CL_DEVICE_NOT_AVAILABLE: "CL_DEVICE_NOT_AVAILABLE"
      case CL_COMPILER_NOT_AVAILABLE: "CL_COMPILER_NOT_AVAILABLE"
      case CL_MEM_OBJECT_ALLOCATION_FAILURE: "CL_MEM_OBJECT_ALLOCATION_FAILURE"
      case CL_OUT_OF_RESOURCES: "CL_OUT_OF_RESOURCES"
      case CL_OUT_OF_HOST_MEMORY: "CL_OUT_OF_HOST_MEMORY"
      case CL_MEM_COPY_OVERLAP: "CL_MEM_COPY_OVERLAP"
      case CL_BUILD_PROGRAM_FAILURE: "CL_BUILD_PROGRAM_FAILURE"
      case CL_MISALIGNED_SUB_BUFFER_OFFSET: "CL_MISALIGNED_SUB_BUFFER_OFFSET"
      case CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST:
        "CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST"
      case CL_INVALID_VALUE: "CL_INVALID_VALUE"
      case CL_INVALID_PLATFORM: "CL_INVALID_PLATFORM"
      case CL_INVALID_DEVICE: "CL_INVALID_DEVICE"
      case CL_INVALID_CONTEXT: "CL_INVALID_CONTEXT"
      case CL_INVALID_COMMAND_QUEUE: "CL_INVALID_COMMAND_QUEUE"
      case CL_INVALID_MEM_OBJECT: "CL_INVALID_MEM_OBJECT"
      case CL_INVALID_BINARY: "CL_INVALID_BINARY"
      case CL_INVALID_BUILD_OPTIONS: "CL_INVALID_BUILD_OPTIONS"
      case CL_INVALID_PROGRAM: "CL_INVALID_PROGRAM"
      case CL_INVALID_PROGRAM_EXECUTABLE: "CL_INVALID_PROGRAM_EXECUTABLE"
      case CL_INVALID_KERNEL_NAME: "CL_INVALID_KERNEL_NAME"
      case CL_INVALID_KERNEL_DEFINITION: "CL_INVALID_KERNEL_DEFINITION"
      case CL_INVALID_KERNEL: "CL_INVALID_KERNEL"
      case CL_INVALID_ARG_INDEX: "CL_INVALID_ARG_INDEX"
      case CL_INVALID_ARG_VALUE: "CL_INVALID_ARG_VALUE"
      case CL_INVALID_ARG_SIZE: "CL_INVALID_ARG_SIZE"
      case CL_INVALID_KERNEL_ARGS: "CL_INVALID_KERNEL_ARGS"
      case CL_INVALID_WORK_DIMENSION: "CL_INVALID_WORK_DIMENSION"
      case CL_INVALID_WORK_GROUP_SIZE: "CL_INVALID_WORK_GROUP_SIZE"
      case CL_INVALID_WORK_ITEM_SIZE: "CL_INVALID_WORK_ITEM_SIZE"
      case CL_INVALID_GLOBAL_OFFSET: "CL_INVALID_GLOBAL_OFFSET"
      case CL_INVALID_BUFFER_SIZE: "CL_INVALID_BUFFER_SIZE"
      case CL_INVALID_GLOBAL_WORK_SIZE: "CL_INVALID_GLOBAL_WORK_SIZE"
      case CL_INVALID_OPERATION: "CL_INVALID_OPERATION"
      case -1001: "CL_PLATFORM_NOT_FOUND_KHR"
      default: nil
      }
    return known.map { "\($0) (\(code))" } ?? "code \(code)"
  }
}
