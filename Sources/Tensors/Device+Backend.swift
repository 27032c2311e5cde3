package import Backends

extension Device {
  /// A device that computes with a backend of one's own: one that watches another, for tests.
  package init(_ backend: any Backend) { self.init(place: Place(backend)) }
}
