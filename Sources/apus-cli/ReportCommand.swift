internal import Formats
internal import Geometry
internal import Training

/// `apus report`: the page about a training, made anew from the files of its run.
enum ReportCommand: Verb {
  static let name = "report"
  static let summary = "Writes report.html from the files of a run folder."
  static let positionals = ["PATH"]
  static let options = [Option.json]
  static let details = """
    PATH is a folder that a training has written, with run.json and metrics.jsonl. The page needs
    nothing from outside: open it in a browser, or send it to somebody.
    """

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let path = try writeReport(of: arguments.positionals[0])
    if arguments.has("json") {
      try Output.json([("report", .string(path))])
    } else {
      try Output.text(path)
    }
    return .done
  }
}
