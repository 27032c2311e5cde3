internal import Glibc

/// Who does something: the task it happens in, or the thread where there is no task.
struct Strand: Equatable {
  private let identity: UInt

  static var current: Strand {
    withUnsafeCurrentTask { task in
      Strand(identity: task.map { UInt(bitPattern: $0.hashValue) } ?? UInt(pthread_self()))
    }
  }
}
