import Geometry
import Glibc
import KillTrainings
import Tensors

// kill-run NAME DEVICE [FOLDER]: trains, going on from the newest checkpoint in the folder, and prints
// the fingerprint of what it ends in. ci/kills ends it again and again.
let arguments = CommandLine.arguments
guard arguments.count == 3 || arguments.count == 4 else {
  print("usage: kill-run NAME DEVICE [FOLDER]; names: \(KillTraining.names.joined(separator: " "))")
  exit(2)
}
do {
  let training = KillTraining(arguments[1], on: try Device.named(arguments[2]))
  print(try training.run(folder: arguments.count == 4 ? arguments[3] : nil).fingerprint)
} catch {
  print("kill-run: \(error)")
  exit(1)
}
