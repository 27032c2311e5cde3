internal import Geometry
internal import Glibc

let usage = """
  usage: kernel-bench [--device D] [--only TEXT] [--rounds N] [--save FILE.json]
         kernel-bench compare A.json B.json

  Times the cases of the operation catalogue on a device: median and spread of the rounds, GFLOP/s,
  GB/s, and the larger share of the device's peaks, which are measured first: a copy and a large
  matrix product. Build with -c release.

    --device D    cpu, opencl, opencl:N or auto; APUS_DEVICE otherwise
    --only TEXT   cases whose title contains TEXT
    --rounds N    how often each case is timed, 9 unless told
    --save FILE   writes the results; compare sets two such files beside each other
  """

do {
  let arguments = Array(CommandLine.arguments.dropFirst())
  if arguments.contains("--help") {
    print(usage)
  } else if arguments.first == "compare" {
    guard arguments.count == 3 else { throw UsageError(problem: "compare takes two files") }
    Comparison(
      try Report(reading: arguments[1]), try Report(reading: arguments[2])
    ).print()
  } else {
    try Run(try RunOptions(arguments)).run()
  }
} catch let error as UsageError {
  fail("\(error.problem)\n\(usage)", code: 2)
} catch {
  fail("\(error)", code: 1)
}

func fail(_ text: String, code: Int32) -> Never {
  var line = "kernel-bench: \(text)\n"
  line.withUTF8 { _ = write(2, $0.baseAddress, $0.count) }
  exit(code)
}
