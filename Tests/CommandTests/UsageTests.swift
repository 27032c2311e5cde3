import Foundation
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
    "train", "evaluate", "predict", "report", "summary", "inspect", "devices", "doctor", "kernels",
    "bench", "replay", "completions",
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
    (["train"], "--model NAME|FILE.json is missing"),
    (["train", "--model", "lenet", "now"], "unexpected argument \"now\""),
    (["train", "--model", "lenet", "--epoch", "3"], "did you mean --epochs?"),
    (["train", "--model", "lenet", "--input", "big"], "--input"),
    (["evaluate"], "--checkpoint PATH is missing"),
    (["evaluate", "--checkpoint", "x", "--batch", "0"], "--batch"),
    (["evaluate", "x"], "--checkpoint PATH is missing"),
    (["predict"], "--checkpoint PATH is missing"),
    (["predict", "--checkpoint", "x"], "INPUT… is missing"),
    (["predict", "--checkpoint", "x", "y", "--tpo", "1"], "did you mean --top?"),
    (["train", "--model", "lenet", "--out="], "--out needs a value: DIR"),
    (["evaluate", "--checkpoint", ""], "--checkpoint needs a value"),
    (["kernels", "list", "--device", "cpu"], "--device says nothing to list"),
    (["kernels", "clear", "--only", "x"], "--only says nothing to clear"),
    (["report"], "PATH is missing"),
    (["report", "a", "b"], "unexpected argument \"b\""),
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
    for word in ["densenet121", "drawn-shapes", "made-text", "one-cycle", "temperature", "tune"] {
      #expect(outcome.output.contains(word), "\(word)")
    }
  }

  @Test(arguments: [
    (["apus", "kernels", "t"], "tune"), (["apus", "predict", "--tem"], "--temperature"),
    (["apus", "train", "--data", "made"], "made-text"), (["apus", "tr"], "train"),
    (["apus", "train", "--optimizer", "na"], "nadam"), (["apus", "train", "--inp"], "--input"),
  ])
  func bashCompletesWhatIsTyped(_ words: [String], _ expected: String) throws {
    let script = try Apus.run(["completions", "bash"]).output
    let bash = Process()
    bash.executableURL = URL(fileURLWithPath: "/bin/bash")
    let typed = words.map { "'\($0)'" }.joined(separator: " ")
    bash.arguments = [
      "-c",
      script
        + "\nCOMP_WORDS=(\(typed)); COMP_CWORD=\(words.count - 1); _apus; echo ${COMPREPLY[@]}",
    ]
    let output = Pipe()
    bash.standardOutput = output
    try bash.run()
    bash.waitUntilExit()
    let answer = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    #expect(answer == expected + "\n")
  }
}
