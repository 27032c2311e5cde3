// Launches every kernel of the current device at small sizes, and prints a digest of what each case
// computed. Two devices that agree to the last bit print the same.
//
//   kernel-gate [--once] [TEXT]    the cases whose name contains TEXT; all without it
//
// Each case runs fused, then, unless `--once`, with debug checks: one operation at a time.
//
// Exits as `apus` does: 0, or the code of the kind of error that was thrown.

import Apus
import Glibc

let arguments = CommandLine.arguments.dropFirst()
let isOnce = arguments.first == "--once"
let wanted = arguments.dropFirst(isOnce ? 1 : 0).first
let everything =
  functionCases + operatorCases + typeCases + reductionCases + scanCases + productCases
  + movementCases + randomCases + trainingCases
let cases = everything.filter { wanted == nil || $0.name.contains(wanted ?? "") }

func run(_ item: KernelCase) -> Int32 {
  do {
    let fused = try item.body()
    try evaluate(fused)
    print(item.name, try digest(fused), separator: "\t")
    if !isOnce {
      let single = try withDebugChecks { try item.body() }
      print(item.name, try digest(single), "one by one", separator: "\t")
    }
    return 0
  } catch let error as TensorError {
    fputs("kernel-gate: \(item.name): \(error)\n", stderr)
    switch error.kind {
    case .device, .deviceLost, .kernelBuild, .nondeterministic: return 69
    case .outOfMemory: return 75
    case .numeric: return 76
    default: return 65
    }
  } catch {
    fputs("kernel-gate: \(item.name): \(error)\n", stderr)
    return 70
  }
}

var worst: Int32 = cases.isEmpty ? 2 : 0
for item in cases { worst = max(worst, run(item)) }
print("\(cases.count) cases")
exit(worst)
