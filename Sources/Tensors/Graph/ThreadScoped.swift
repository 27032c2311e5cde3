internal import Glibc

/// An object that is the current one of a thread while a function runs, which therefore cannot suspend.
///
/// A task-local value would do as well, but takes 187 instructions to look up, this 16.
// Unchecked: the key never changes, and what is found by it is the thread's own.
struct ThreadScoped<Object: AnyObject>: ~Copyable, @unchecked Sendable {
  private let key: pthread_key_t

  init() {
    var key = pthread_key_t()
    // Another's key would be another's value.
    precondition(pthread_key_create(&key, nil) == 0, "a process has 1024 keys; none is left")
    self.key = key
  }

  deinit { pthread_key_delete(key) }

  var current: Object? {
    pthread_getspecific(key).map { Unmanaged<Object>.fromOpaque($0).takeUnretainedValue() }
  }

  func withValue<Result>(_ object: Object, _ body: () throws -> Result) rethrows -> Result {
    let outer = pthread_getspecific(key)
    pthread_setspecific(key, Unmanaged.passUnretained(object).toOpaque())
    defer { pthread_setspecific(key, outer) }
    return try withExtendedLifetime(object, body)
  }
}
