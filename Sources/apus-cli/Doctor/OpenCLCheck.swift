internal import Formats
internal import Glibc
internal import OpenCLBackend

/// The way from the OpenCL loader to devices: loader, files that name drivers, drivers, platforms.
enum OpenCLCheck {
  static func findings() -> [Finding] {
    let survey = OpenCLSurvey()
    var findings = [loader(survey)]
    findings += drivers(isAnyWorking: !survey.platforms.isEmpty)
    for platform in survey.platforms { findings.append(finding(platform)) }
    return findings
  }

  private static func loader(_ survey: OpenCLSurvey) -> Finding {
    let path = LoadedLibrary.path(of: "libOpenCL.so") ?? "libOpenCL.so.1"
    if let problem = survey.problem {
      return Finding(
        "OpenCL loader", .fault, "\(path) does not answer: \(problem)",
        remedy: "apt-get install --reinstall ocl-icd-libopencl1")
    }
    return Finding("OpenCL loader", .ok, path)
  }

  private static func finding(_ platform: OpenCLSurvey.Platform) -> Finding {
    let version = platform.version.prefix { $0 != "," }
    let what = "\(platform.name), \(version)"
    if let problem = platform.problem {
      return Finding(
        "platform", .fault, "\(what): its devices cannot be listed: \(problem)",
        remedy: Package.named(by: platform.name).map { "apt-get install --reinstall \($0)" })
    }
    guard platform.deviceCount > 0 else {
      return Finding("platform", .note, "\(what): has no device; is the hardware there?")
    }
    return Finding(
      "platform", .ok,
      "\(what): \(platform.deviceCount) \(platform.deviceCount == 1 ? "device" : "devices")")
  }

  /// The files that tell the loader of drivers, and whether each driver can be loaded.
  private static func drivers(isAnyWorking: Bool) -> [Finding] {
    let (files, place) = driverFiles()
    guard !files.isEmpty else {
      return [
        Finding(
          "OpenCL drivers", .fault, "no driver is named in \(place)",
          remedy: getenv("OCL_ICD_VENDORS") == nil
            ? "apt-get install \(Graphics.package ?? "pocl-opencl-icd")"
            : "unset OCL_ICD_VENDORS, or: apt-get install \(Graphics.package ?? "pocl-opencl-icd")")
      ]
    }
    var findings: [Finding] = []
    for file in files {
      guard let library = TextFile.lines(of: file).first?.trimmed, !library.isEmpty else {
        findings.append(
          Finding("OpenCL driver", .fault, "\(file) names no library", remedy: "rm \(file)"))
        continue
      }
      if let problem = loadingProblem(library) {
        findings.append(
          Finding(
            "OpenCL driver", .fault, "\(file): \(problem)",
            remedy: Package.named(by: library).map { "apt-get install --reinstall \($0)" }
              ?? "install what has \(library), or: rm \(file)"))
      } else {
        findings.append(Finding("OpenCL driver", .ok, "\(file): \(library) loads"))
      }
    }
    if !isAnyWorking, !findings.contains(where: { $0.verdict == .fault }) {
      findings.append(
        Finding("OpenCL drivers", .fault, "they load, but the loader finds no platform"))
    }
    return findings
  }

  /// The files, and where they were looked for, by the rules of ocl-icd.
  private static func driverFiles() -> (files: [String], place: String) {
    let named = getenv("OCL_ICD_VENDORS").map { String(cString: $0) } ?? ""
    let place = named.isEmpty ? "/etc/OpenCL/vendors" : named
    if place.hasSuffix(".icd") {
      let path = place.contains("/") ? place : "/etc/OpenCL/vendors/\(place)"
      return (access(path, R_OK) == 0 ? [path] : [], "\(path), as OCL_ICD_VENDORS says")
    }
    let names = ((try? namesInFolder(place, in: "doctor")) ?? []).filter { $0.hasSuffix(".icd") }
    let reason = named.isEmpty ? "" : ", as OCL_ICD_VENDORS says"
    return (names.map { "\(place)/\($0)" }, "\(place)/*.icd\(reason)")
  }

  private static func loadingProblem(_ library: String) -> String? {
    guard let handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL) else {
      return dlerror().map { String(cString: $0) } ?? "\(library) cannot be loaded"
    }
    // The loader holds it for as long as the process lives; so may we.
    _ = handle
    return nil
  }
}

/// The packages of Debian that bring drivers.
enum Package {
  static func named(by library: String) -> String? {
    let name = library.lowercased()
    let known = [
      ("pocl", "pocl-opencl-icd"), ("portable", "pocl-opencl-icd"),
      ("nvidia", "nvidia-opencl-icd"), ("intel", "intel-opencl-icd"),
      ("igdrcl", "intel-opencl-icd"), ("mesa", "mesa-opencl-icd"), ("clover", "mesa-opencl-icd"),
      ("rusticl", "mesa-opencl-icd"), ("amd", "rocm-opencl-icd"),
    ]
    return known.first { name.contains($0.0) }?.1
  }
}

/// GPUs that the machine has, whether OpenCL knows them or not.
enum Graphics {
  struct Card {
    let vendor: String
    let package: String
  }

  /// Display controllers on the PCI bus of makers whose drivers speak OpenCL.
  static var cards: [Card] {
    let folder = "/sys/bus/pci/devices"
    return ((try? namesInFolder(folder, in: "doctor")) ?? []).compactMap { name in
      func value(_ file: String) -> String {
        TextFile.lines(of: "\(folder)/\(name)/\(file)").first?.trimmed ?? ""
      }
      guard value("class").hasPrefix("0x03") else { return nil }
      switch value("vendor") {
      case "0x10de": return Card(vendor: "NVIDIA", package: "nvidia-opencl-icd")
      case "0x1002": return Card(vendor: "AMD", package: "mesa-opencl-icd")
      case "0x8086": return Card(vendor: "Intel", package: "intel-opencl-icd")
      default: return nil
      }
    }
  }

  /// The package for the first of them.
  static var package: String? { cards.first?.package }
}

extension String {
  /// Without white space at both ends.
  var trimmed: String {
    String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }
}
