internal import Geometry

/// Writes a row an epoch to a file of comma-separated values: `epoch`, then the numbers of the
/// first epoch in alphabetical order.
///
///     CSVLog("runs/lenet/history.csv")
public final class CSVLog: Callback {
  public let path: String
  public let isRecorder = true
  private var file: LineFile?
  private var columns: [String] = []

  public init(_ path: String) { self.path = path }

  public func began(_ context: TrainingContext) throws {
    if !context.isResumed { columns = [] }
    let epochs = context.history.epochs.count
    file = try LineFile(
      path, in: "CSVLog",
      keeping: context.isResumed && !columns.isEmpty
        ? { line in
          let first = line.prefix { $0 != "," }
          return first == "epoch" || Int(first).map { $0 <= epochs } ?? false
        } : nil)
  }

  public func epochEnded(_ context: TrainingContext) throws {
    if columns.isEmpty {
      columns = context.values.keys.sorted()
      try file?.append((["epoch"] + columns.map(Self.quoted)).joined(separator: ","))
    }
    let cells = columns.map { name in context.values[name].map { "\($0)" } ?? "" }
    try file?.append((["\(context.epoch)"] + cells).joined(separator: ","))
  }

  public func state() -> CallbackState {
    var state = CallbackState()
    for (index, name) in columns.enumerated() { state.texts["\(index)"] = name }
    return state
  }

  public func restore(_ state: CallbackState) {
    columns = state.texts.compactMap { key, name in Int(key).map { ($0, name) } }
      .sorted { $0.0 < $1.0 }.map(\.1)
  }

  private static func quoted(_ name: String) -> String {
    name.contains { ",\"\n".contains($0) }
      ? "\"" + name.replacing("\"", with: "\"\"") + "\"" : name
  }
}
