internal import Backends
internal import Geometry

/// A device as the graph sees it: its backend, and the plans made for it.
package final class Place: @unchecked Sendable {
  let name: String
  private let lock = Lock()
  private let open: () throws(TensorError) -> any Backend
  private var opened: (any Backend)?
  let engine = Engine()

  convenience init(_ backend: any Backend) {
    self.init(deferred: { () throws(TensorError) in backend }, name: backend.name)
  }

  /// A place whose backend is made when it is first needed.
  init(deferred open: @escaping () throws(TensorError) -> any Backend, name: String) {
    self.name = name
    self.open = open
  }

  var backend: any Backend {
    get throws(TensorError) {
      try lock.withLock { () throws(TensorError) in
        if let opened { return opened }
        let backend = try open()
        opened = backend
        return backend
      }
    }
  }
}
