internal import Formats
internal import Geometry

extension Dataset where Element == Example {
  /// The same examples, kept in a file once they have been made: for what does not fit in memory.
  ///
  /// The first pass begins with writing the file, which appears when it is whole; later passes, and
  /// later runs, read it. Remove the file when the steps before it change.
  public func cached(inFile path: String) -> Dataset {
    Dataset(CacheFileStage(upstream: stage, file: CacheFile(path)))
  }
}

private struct CacheFileStage: Stage {
  let upstream: any Stage<Example>
  let file: CacheFile

  var count: Int? { upstream.count ?? file.knownCount }
  var ahead: Ahead { upstream.ahead }

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
      if !ExampleRecords.exists(path) {
        let elements = Forcing(try upstream.pass(0).puller(), upstream.ahead)
        try ExampleRecords.write(to: path) { () throws(TensorError) in
          try elements.next()?.get()
        }
      }
      let records = try ExampleRecords(path)
      opened = records
      return records
    }
  }
}
