internal import Formats
internal import Geometry
internal import Layers
internal import Models
internal import Tensors

/// `apus summary`: what a model is made of.
enum SummaryCommand: Verb {
  static let name = "summary"
  static let summary = "Lists the layers of a model with shapes, parameters and costs."
  static let positionals: [String] = []
  static let options = [
    Option.model(isRequired: true),
    .value("input", "SHAPE", "the shape of one sample, as 224x224x3; else what its paper used"),
    .flag("no-top", "without the layers that make classes of features"), .json,
  ]
  static let details = """
    Nothing is computed. Multiplications and bytes are those of one sample; the receptive field is how
    many rows and columns of the image an element can see.
    """

  static func run(_ arguments: Arguments) throws -> ExitCode {
    // Required: the parser has seen to it.
    let name = arguments.value("model") ?? ""
    let architecture = try Architecture.named(name)
    let input = try arguments.shape("input") ?? architecture.input
    let model = architecture.make(includeTop: !arguments.has("no-top"))
    var summary = try model.summary(input: input, as: architecture.inputType, on: .cpu)
    summary.model = name
    guard arguments.has("json") else { return try Output.show("\(summary)") }
    for row in summary.rows { try Output.json(members(row)) }
    try Output.json(totals(summary))
    return .done
  }

  private static func members(_ row: Summary.Row) -> [(String, JSON)] {
    [
      ("path", .string(row.path)), ("layer", .string(row.layer)),
      ("output", .array(row.output.map { .integer($0) })),
      ("parameters", .integer(row.parameters)), ("trainable", .integer(row.trainable)),
      ("multiplications", .integer(row.multiplications)),
    ]
  }

  private static func totals(_ summary: Summary) -> [(String, JSON)] {
    [
      ("model", .string(summary.model)), ("input", .array(summary.input.map { .integer($0) })),
      ("parameters", .integer(summary.parameters)), ("trainable", .integer(summary.trainable)),
      ("non_trainable", .integer(summary.nonTrainable)),
      ("multiplications", .integer(summary.multiplications)),
      ("activation_bytes", .integer(summary.activationBytes)),
    ]
  }
}
