// Launches every kernel of the current device at small sizes, and prints a digest of what each case
// computed. Two devices that agree to the last bit print the same.
//
//   kernel-gate [TEXT]    the cases whose name contains TEXT; all without it
//
// Exits as `apus` does: 0, or the code of the kind of error that was thrown.

import Apus
import Glibc
import Tensors

let wanted = CommandLine.arguments.dropFirst().first
let everything =
  functionCases + operatorCases + typeCases + reductionCases + scanCases + productCases
  + movementCases + poolingCases + normalizationCases + recurrenceCases + randomCases
  + updateCases + trainingCases + lookupCases + softmaxCases + attentionCases + lossCases
  + convolutionCases
let cases = everything.filter { wanted == nil || $0.name.contains(wanted ?? "") }

func complain(_ text: String) {
  let line = Array("kernel-gate: \(text)\n".utf8)
  _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

func run(_ item: KernelCase) -> Int32 {
  do {
    try Device.current.allocateExactSizes(true)
    let results = try item.body()
    try evaluate(results)
    print(item.name, try digest(results), separator: "\t")
    return 0
  } catch let error as TensorError {
    complain("\(item.name): \(error)")
    switch error.kind {
    case .device, .deviceLost, .kernelBuild, .nondeterministic: return 69
    case .outOfMemory: return 75
    case .numeric: return 76
    default: return 65
    }
  } catch {
    complain("\(item.name): \(error)")
    return 70
  }
}

var worst: Int32 = cases.isEmpty ? 2 : 0
for item in cases { worst = max(worst, run(item)) }
print("\(cases.count) cases")
exit(worst)
