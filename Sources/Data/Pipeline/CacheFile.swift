internal import Formats
internal import Geometry

extension Dataset where Element == Example {
  /// The same examples, kept in a file once they have been made: for what does not fit in memory.
  ///
  /// The first pass begins with writing the file, which appears when it is whole; later passes, and
  /// later runs, read it. It is written anew if the steps before it have become others, as far as
  /// can be told: what closures do cannot, so remove the file when that changes. It is written
  /// anew, too, if it is not whole; an example that has been damaged is an error that names it.
  ///
  /// - Parameter path: of a file that is not there, or is a cache; any other is not touched.
  public func cached(inFile path: String) -> Dataset {
    Dataset(CacheFileStage(upstream: stage, file: CacheFile(path)))
  }
}

private struct CacheFileStage: Stage {
  let upstream: any Stage<Example>
  let file: CacheFile

  var count: Int? { upstream.count ?? file.knownCount }
  var ahead: Ahead { upstream.ahead }
  var outline: [String] { upstream.outline + ["cached"] }

  func pass(_ epoch: Int) throws(TensorError) -> Pass<Example> {
    .indexed(CacheFilePass(records: try file.records(of: upstream)))
  }
}

private struct CacheFilePass: IndexedPass {
  let records: ExampleRecords
  var total: Int { records.count }
  func element(at index: Int) throws(TensorError) -> Example { try records.example(index) }
}

/// A file that is written once.
// What changes is read and written under the monitor.
private final class CacheFile: @unchecked Sendable {
  private let path: String
  private let monitor = Monitor()
  private var opened: ExampleRecords?

  init(_ path: String) { self.path = path }

  var knownCount: Int? { monitor.withLock { opened?.count } }

  func records(of upstream: any Stage<Example>) throws(TensorError) -> ExampleRecords {
    try monitor.withLock { () throws(TensorError) -> ExampleRecords in
      if let opened { return opened }
      if let records = try found(of: upstream) {
        opened = records
        return records
      }
      let records = try written(of: upstream)
      opened = records
      return records
    }
  }

  /// What is in the file, if it is whole and of these steps.
  private func found(of upstream: any Stage<Example>) throws(TensorError) -> ExampleRecords? {
    guard try ExampleRecords.exists(path) else { return nil }
    do throws(TensorError) {
      let records = try ExampleRecords(path)
      return records.outline == upstream.outline ? records : nil
    } catch {
      guard error.kind == .corruptFile else { throw error }
      return nil
    }
  }

  private func written(of upstream: any Stage<Example>) throws(TensorError) -> ExampleRecords {
    let elements = Forcing(try upstream.pass(0).puller(), upstream.ahead)
    try ExampleRecords.write(upstream.outline, to: path) { () throws(TensorError) in
      try elements.next()?.get()
    }
    return try ExampleRecords(path)
  }
}
