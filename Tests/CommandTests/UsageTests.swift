import Testing

@Suite struct UsageTests {
  @Test func withoutArgumentsTheHelpGoesToStandardError() throws {
    let outcome = try Apus.run([])
    #expect(outcome.code == 2)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.contains("usage: apus VERB"))
  }

  @Test func helpGoesToStandardOutput() throws {
    let outcome = try Apus.run(["--help"])
    #expect(outcome.code == 0)
    #expect(outcome.errors.isEmpty)
    #expect(outcome.output.contains("usage: apus VERB"))
  }

  static let verbs = [
    "summary", "inspect", "devices", "doctor", "kernels", "bench", "replay", "completions",
  ]

  @Test(arguments: verbs) func everyVerbHasHelp(_ verb: String) throws {
    let outcome = try Apus.run([verb, "--help"])
    #expect(outcome.code == 0)
    #expect(outcome.errors.isEmpty)
    #expect(outcome.output.contains("usage: apus \(verb)"), "\(outcome.output)")
  }

  @Test(arguments: [
    ("sumary", "did you mean summary?"), ("devcies", "did you mean devices?"),
    ("frobnicate", "known: "),
  ])
  func anUnknownVerbIsAUsageError(_ verb: String, _ help: String) throws {
    let outcome = try Apus.run([verb])
    #expect(outcome.code == 2)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.contains("unknown verb \"\(verb)\""), "\(outcome.errors)")
    #expect(outcome.errors.contains(help), "\(outcome.errors)")
  }

  @Test(arguments: [
    (["summary"], "--model NAME is missing"),
    (["summary", "--model"], "--model needs a value"),
    (["summary", "--model", "lent"], "there is none called lent"),
    (["summary", "--modle", "lenet"], "did you mean --model?"),
    (["summary", "--model", "lenet", "x"], "unexpected argument \"x\""),
    (["summary", "--model", "lenet", "--json=1"], "--json takes no value"),
    (["inspect"], "PATH is missing"),
    (["kernels", "lst"], "did you mean list?"),
    (["completions", "csh"], "bash, zsh or fish"),
    (["devices", "now"], "unexpected argument \"now\""),
    (["bench", "--workloads", "x", "--seconds", "long"], "not a number of seconds"),
  ])
  func aWrongArgumentIsNamed(_ arguments: [String], _ help: String) throws {
    let outcome = try Apus.run(arguments)
    #expect(outcome.code == 2)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.hasPrefix("apus \(arguments[0]): "), "\(outcome.errors)")
    #expect(outcome.errors.contains(help), "\(outcome.errors)")
  }

  @Test(arguments: ["bash", "zsh", "fish"]) func completionsKnowEveryVerb(_ shell: String) throws {
    let outcome = try Apus.run(["completions", shell])
    #expect(outcome.code == 0)
    for verb in Self.verbs { #expect(outcome.output.contains(verb), "\(verb)") }
    #expect(outcome.output.contains("densenet121"))
  }
}
