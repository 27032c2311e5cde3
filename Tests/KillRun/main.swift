import Geometry
import Glibc
import KillTrainings
import Tensors
import Training

// kill-run NAME DEVICE [FOLDER]: trains, going on from the newest checkpoint in the folder. Prints
// which one that is, when the first step has been taken, and the fingerprint of what it ends in.
// ci/kills and ci/disk-faults end and hinder it again and again.
let arguments = CommandLine.arguments
guard arguments.count == 3 || arguments.count == 4 else {
  print("usage: kill-run NAME DEVICE [FOLDER]; names: \(KillTraining.names.joined(separator: " "))")
  exit(2)
}
/// Prints at once: who reads it may be about to end this process.
func say(_ text: String) {
  print(text)
  fflush(nil)
}

do {
  let training = KillTraining(arguments[1], on: try Device.named(arguments[2]))
  let folder = arguments.count == 4 ? arguments[3] : nil
  if let folder {
    let newest = try Checkpoint.newest(in: folder)
    say("resumes \(newest?.split(separator: "/").last ?? "nothing")")
  }
  var isTraining = false
  let result = try training.run(folder: folder) { _ in
    if !isTraining { say("trains") }
    isTraining = true
  }
  print(result.fingerprint)
} catch {
  print("kill-run: \(error)")
  exit(1)
}
