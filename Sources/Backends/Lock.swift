internal import Glibc

/// The one lock type of the library: a pthread mutex, which the thread sanitizer understands.
// Unchecked: threads are what a mutex is for.
package struct Lock: ~Copyable, @unchecked Sendable {
  // A mutex must not move: it has memory of its own.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

  package init() { pthread_mutex_init(mutex, nil) }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  package func acquire() { pthread_mutex_lock(mutex) }
  package func release() { pthread_mutex_unlock(mutex) }

  @inlinable @inline(__always)
  package func withLock<Result, Failure: Error>(_ body: () throws(Failure) -> Result)
    throws(Failure) -> Result
  {
    acquire()
    defer { release() }
    return try body()
  }
}
