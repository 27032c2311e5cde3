// Writes files for ci/interop, or reads those of other programs and writes them again.
//
//   interop-check write FOLDER            writes arrays, pictures and events from fixed numbers
//   interop-check copy FROM TO            reads every file of FROM and writes it to TO
import Formats
import Geometry
import Glibc

let types: [ScalarType] = [.float32, .float64, .float16, .int32, .int64, .uint8, .bool]

/// Elements that are every byte in turn; of bool 0 and 1.
func elements(_ type: ScalarType, _ shape: Shape) -> [UInt8] {
  (0..<(shape.count * type.byteCount)).map { type == .bool ? UInt8($0 % 2) : UInt8($0 * 7 % 251) }
}

func write(to folder: String) throws {
  var arrays: [(name: String, array: NPY)] = []
  for type in types {
    for shape: Shape in [[], [0, 3], [5], [3, 4], [2, 3, 4, 5]] {
      let name = "\(type).\(shape.map { "\($0)" }.joined(separator: "x"))"
      let array = try NPY(elements(type, shape), scalarType: type, shape: shape)
      try array.write(to: "\(folder)/\(name).npy")
      arrays.append((name, array))
    }
  }
  try writeNPZ(arrays, to: "\(folder)/stored.npz")
  try writeNPZ(arrays, compressed: true, to: "\(folder)/deflated.npz")
  let entries = arrays.map {
    SafetensorsEntry(name: $0.name, scalarType: $0.array.scalarType, shape: $0.array.shape)
  }
  try writeSafetensors(entries, metadata: ["made": "here"], to: "\(folder)/all.safetensors") {
    entry in
    elements(entry.scalarType, entry.shape)
  }
  for channels in 1...4 {
    for (width, height) in [(1, 1), (31, 17), (200, 150)] {
      let bytes = (0..<(width * height * channels)).map { UInt8(truncatingIfNeeded: $0 * $0 / 3) }
      try Picture(bytes, width: width, height: height, channels: channels)
        .writePNG(to: "\(folder)/picture.\(width)x\(height)x\(channels).png")
    }
  }
  let events = try EventFileWriter(path: "\(folder)/events.out.tfevents.1")
  for step in 0..<100 {
    try events.write(
      scalar: "loss", value: 1 / Double(step + 1), step: step * 10, wallTime: 1000 + Double(step))
  }
  try events.write(
    histogram: "weights", values: (0..<1000).map { Float($0) / 1000 }, step: 7, wallTime: 2000)
}

func copy(from source: String, to target: String) throws {
  guard let listing = opendir(source) else { throw TensorError(.io, "copy", "no \(source)") }
  defer { closedir(listing) }
  while let entry = readdir(listing) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    let (from, to) = ("\(source)/\(name)", "\(target)/\(name)")
    if name.hasSuffix(".npy") {
      try NPY(path: from).write(to: to)
    } else if name.hasSuffix(".npz") {
      let file = try NPZFile(path: from)
      var arrays: [(name: String, array: NPY)] = []
      for name in file.names { arrays.append((name, try file.array(name))) }
      try writeNPZ(arrays, compressed: true, to: to)
    } else if name.hasSuffix(".safetensors") {
      let file = try SafetensorsFile(path: from)
      var entries: [SafetensorsEntry] = []
      for name in file.names { entries.append(try file.entry(name)) }
      try writeSafetensors(entries, metadata: file.metadata, to: to) {
        (entry) throws(TensorError) in
        try file.bytes(entry.name)
      }
    } else if name.hasSuffix(".png") || name.hasSuffix(".jpg") {
      let picture = try Picture(path: from)
      try NPY(
        picture.bytes, scalarType: .uint8,
        shape: [picture.height, picture.width, picture.channels * picture.depth / 8]
      ).write(to: "\(to).npy")
    }
  }
}

do {
  let arguments = CommandLine.arguments
  switch (arguments.dropFirst().first, arguments.count) {
  case ("write", 3): try write(to: arguments[2])
  case ("copy", 4): try copy(from: arguments[2], to: arguments[3])
  default:
    print("usage: interop-check write FOLDER | copy FROM TO")
    exit(2)
  }
} catch {
  print("interop-check: \(error)")
  exit(1)
}
