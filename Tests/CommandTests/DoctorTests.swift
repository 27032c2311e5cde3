import Formats
import TestSupport
import Testing

@Suite struct DoctorTests {
  @Test func saysOfEachDeviceThatItsKernelsGiveTheRightNumbers() throws {
    let devices = try Apus.run(["devices", "--json"]).lines().compactMap { $0["device"]?.string }
    let lines = try Apus.run(["doctor", "--json"]).lines()
    for device in devices {
      let line = try #require(lines.first { $0["step"]?.string == device }, "\(device)")
      #expect(line["verdict"]?.string == "ok")
      #expect(line["detail"]?.string?.contains("right numbers") == true)
    }
  }

  @Test func withoutDriversItPrintsWhatInstallsOne() throws {
    let outcome = try Apus.run(["doctor"], environment: ["OCL_ICD_VENDORS": "/nonexistent"])
    #expect(outcome.code == 1)
    #expect(outcome.output.contains("FAULT  OpenCL drivers"), "\(outcome.output)")
    #expect(outcome.output.contains("apt-get install "), "\(outcome.output)")
    #expect(outcome.output.contains("ok     cpu"), "\(outcome.output)")
  }

  @Test func aDriverThatDoesNotLoadIsNamed() throws {
    let folder = try ScratchFolder()
    try folder.file("nvidia.icd", "libnvidia-opencl.so.999\n")
    let outcome = try Apus.run(
      ["doctor", "--json"], environment: ["OCL_ICD_VENDORS": folder.path])
    #expect(outcome.code == 1)
    let fault = try #require(
      try outcome.lines().first { $0["step"]?.string == "OpenCL driver" })
    #expect(fault["verdict"]?.string == "fault")
    #expect(fault["detail"]?.string?.contains("libnvidia-opencl.so.999") == true)
    #expect(fault["remedy"]?.string == "apt-get install --reinstall nvidia-opencl-icd")
  }

  @Test func aDeviceThatIsNotThereIsAnErrorThatHelps() throws {
    let outcome = try Apus.run(
      ["replay", "x", "--device", "opencl"], environment: ["OCL_ICD_VENDORS": "/nonexistent"])
    #expect(outcome.code == 66, "the folder comes first: \(outcome.errors)")
    let warm = try Apus.run(["kernels", "warm"], environment: ["OCL_ICD_VENDORS": "/nonexistent"])
    #expect(warm.code == 69)
    #expect(warm.errors.contains("apt-get install"), "\(warm.errors)")
  }
}

@Suite struct KernelCacheTests {
  @Test func builtProgramsAreListedAndCanBeRemoved() throws {
    let home = try ScratchFolder()
    let environment = ["XDG_CACHE_HOME": home.path]
    func run(_ words: String...) throws -> [[String: JSON]] {
      let outcome = try Apus.run(["kernels"] + words + ["--json"], environment: environment)
      #expect(outcome.code == 0, "\(outcome.errors)")
      return try outcome.lines()
    }
    #expect(try run("list").isEmpty)
    // The doctor runs kernels, and so builds programs.
    #expect(try Apus.run(["doctor"], environment: environment).code == 0)
    let listed = try run("list")
    let built = listed.count
    #expect(built > 0)
    #expect(listed.allSatisfy { $0["device"]?.string?.isEmpty == false })
    #expect(listed.allSatisfy { ($0["bytes"]?.integer ?? 0) > 0 })
    // A second process finds them.
    #expect(try Apus.run(["doctor"], environment: environment).code == 0)
    #expect(try run("list").count == built)
    #expect(try run("clear").first?["files"]?.integer == built)
    #expect(try run("list").isEmpty)
  }
}
