import Formats
import Geometry
import TestSupport
import Testing

@Suite struct NPYTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// The elements 0, 1, 2, … as NumPy wrote them.
  static func counting(_ type: ScalarType, _ count: Int = 6) -> [UInt8] {
    func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
      withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
    var elements: [UInt8] = []
    for index in 0..<count {
      switch type {
      case .float32: elements += bytes(Float(index).bitPattern)
      case .float64: elements += bytes(Double(index).bitPattern)
      case .float16: elements += bytes(Float16(index).bitPattern)
      case .int32: elements += bytes(Int32(index))
      case .int64: elements += bytes(Int64(index))
      case .uint8: elements.append(UInt8(index))
      case .bool: elements.append(index == 0 ? 0 : 1)
      case .bfloat16: break
      }
    }
    return elements
  }

  static let types = ScalarType.allCases.filter { $0 != .bfloat16 }

  /// An npy file of version 1 with this dictionary and these elements.
  static func file(_ dictionary: String, _ elements: [UInt8] = [0, 0, 0, 0]) -> [UInt8] {
    let text = Array(dictionary.utf8)
    return [0x93] + Array("NUMPY".utf8)
      + [1, 0, UInt8(text.count & 0xFF), UInt8(text.count >> 8)] + text + elements
  }

  @Test(arguments: types) func readsWhatNumPyWrote(_ type: ScalarType) throws {
    let array = try NPY(path: Fixture.path("\(type).npy"))
    #expect(array.scalarType == type)
    #expect(array.shape == [2, 3])
    #expect(array.bytes == Self.counting(type))
  }

  @Test func readsScalarsAndArraysWithoutElements() throws {
    let scalar = try NPY(path: Fixture.path("scalar.npy"))
    #expect(scalar.shape == [] && scalar.bytes == [0, 0, 0xC0, 0x3F])
    let empty = try NPY(path: Fixture.path("empty.npy"))
    #expect(empty.shape == [0, 3] && empty.bytes.isEmpty)
  }

  @Test func readsOtherOrdersAndVersions() throws {
    let fortran = try NPY(path: Fixture.path("fortran.npy"))
    #expect(fortran.shape == [2, 3, 4])
    #expect(fortran.bytes == Self.counting(.float32, 24))
    #expect(try NPY(path: Fixture.path("big.npy")).bytes == Self.counting(.float32))
    #expect(try NPY(path: Fixture.path("version3.npy")).bytes == Self.counting(.float32))
  }

  @Test(arguments: types) func writingAndReadingReturnTheArray(_ type: ScalarType) throws {
    for shape: Shape in [[], [0], [1], [7], [2, 3], [2, 0, 3], [1, 2, 1, 2, 1, 2, 1, 2]] {
      let bytes = (0..<(shape.count * type.byteCount)).map { UInt8($0 & 1) }
      let array = try NPY(bytes, scalarType: type, shape: shape)
      let path = "\(folder.path)/array.npy"
      try array.write(to: path)
      #expect(try NPY(path: path) == array)
    }
  }

  @Test func whatIsWrittenHasNumPysBytes() throws {
    for type in Self.types {
      let array = try NPY(Self.counting(type), scalarType: type, shape: [2, 3])
      let path = "\(folder.path)/array.npy"
      try array.write(to: path)
      #expect(try contents(ofFile: path, limit: 999, in: "test") == Fixture.bytes("\(type).npy"))
    }
  }

  @Test(arguments: [
    "", "{", "{}", "[]", "{'descr': '<f4', 'fortran_order': False}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1.0,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (0,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'shape': (1,)}",
    "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}",
    "{'descr': '<f4', 'fortran_order': None, 'shape': (1,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': [1]}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775808,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2147483647, 2147483647, 2147483647)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999,)}",
    "{'descr': '<f4, }",
    "{descr: '<f4', 'fortran_order': False, 'shape': (1,)}",
    "{'descr': '|b1', 'fortran_order': False, 'shape': (5,)}",
  ])
  func rejects(_ dictionary: String) {
    let error = #expect(throws: TensorError.self) {
      _ = try NPY(Self.file(dictionary), name: "x.npy")
    }
    #expect(error?.kind == .corruptFile)
    #expect(error?.detail.hasPrefix("x.npy: ") == true)
  }

  /// A file of these elements, two rows of them, in both orders of bytes and of axes.
  private func wide<Number: FixedWidthInteger>(_ numbers: [Number]) throws -> [NPY] {
    let type = "\(Number.isSigned ? "i" : "u")\(Number.bitWidth / 8)"
    var arrays: [NPY] = []
    for (order, isFortran) in [("<", false), (">", false), ("<", true), (">", true)] {
      let columns = numbers.count / 2
      let ordered =
        isFortran ? (0..<columns).flatMap { [numbers[$0], numbers[$0 + columns]] } : numbers
      let bytes = ordered.flatMap { number in
        withUnsafeBytes(of: order == ">" ? number.bigEndian : number.littleEndian) { Array($0) }
      }
      let text =
        "{'descr': '\(order)\(type)', 'fortran_order': \(isFortran ? "True" : "False"), "
        + "'shape': (2, \(columns))}"
      arrays.append(try NPY(Self.file(text, bytes), name: "x.npy"))
    }
    return arrays
  }

  private func values<Number: FixedWidthInteger>(_ array: NPY, _ type: Number.Type) -> [Number] {
    array.bytes.withUnsafeBytes { bytes in
      (0..<(bytes.count / MemoryLayout<Number>.size)).map {
        bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Number>.size, as: type)
      }
    }
  }

  @Test func integersThatTensorsDoNotHaveBecomeWider() throws {
    for array in try wide([Int8.min, -1, 0, 127]) {
      #expect(array.scalarType == .int32 && array.shape == [2, 2])
      #expect(values(array, Int32.self) == [-128, -1, 0, 127])
    }
    for array in try wide([Int16.min, -2, 1, .max, 300, 7]) {
      #expect(array.scalarType == .int32 && array.shape == [2, 3])
      #expect(values(array, Int32.self) == [-32768, -2, 1, 32767, 300, 7])
    }
    for array in try wide([UInt16.max, 0, 1, 40_000]) {
      #expect(array.scalarType == .int32)
      #expect(values(array, Int32.self) == [65535, 0, 1, 40_000])
    }
    for array in try wide([UInt32.max, 0, 1, 1 << 31]) {
      #expect(array.scalarType == .int64)
      #expect(values(array, Int64.self) == [4_294_967_295, 0, 1, 1 << 31])
    }
    for array in try wide([UInt64(Int64.max), 0, 1, 1 << 62]) {
      #expect(array.scalarType == .int64)
      #expect(values(array, Int64.self) == [.max, 0, 1, 1 << 62])
    }
  }

  @Test func aNumberThatNoTensorHoldsIsAnError() throws {
    let error = #expect(throws: TensorError.self) { try wide([0, 1, UInt64(1) << 63, 5]) }
    #expect(error?.kind == .unsupportedFile)
    #expect(error?.detail.contains("element 2 is 9223372036854775808") == true)
  }

  @Test func aBoolIsZeroOrOne() {
    let header = "{'descr': '|b1', 'fortran_order': False, 'shape': (2,)}"
    let error = #expect(throws: TensorError.self) {
      _ = try NPY(Self.file(header, [1, 2]), name: "x.npy")
    }
    #expect(error?.kind == .corruptFile)
  }

  @Test func doesNotSupport() throws {
    for name in ["structured.npy", "object.npy"] {
      let error = #expect(throws: TensorError.self) { _ = try NPY(path: Fixture.path(name)) }
      #expect(error?.kind == .unsupportedFile && error?.hint != nil)
    }
    for type in ["<f16", "<i3", "<m8", "<c8", "|S4", "<U4", "|V2", "x", ""] {
      let header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (1,)}"
      let error = #expect(throws: TensorError.self) {
        _ = try NPY(Self.file(header), name: "x.npy")
      }
      #expect(error?.kind == .unsupportedFile, "\(type)")
    }
    let nine = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1, 1, 1)}"
    let error = #expect(throws: TensorError.self) { _ = try NPY(Self.file(nine), name: "x.npy") }
    #expect(error?.kind == .unsupportedFile)
    let half = try NPY([0, 0], scalarType: .bfloat16, shape: [1])
    #expect(throws: TensorError.self) { try half.write(to: "\(folder.path)/half.npy") }
    #expect(throws: TensorError.self) { try NPY([0, 0], scalarType: .float32, shape: [1]) }
    #expect(throws: TensorError.self) { _ = try NPY(path: "\(folder.path)/missing.npy") }
    #expect(try folder.names().isEmpty)
  }

  @Test func damagedFilesAreReadOrRefused() throws {
    let narrow = Self.file(
      "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 2)}"
        + String(repeating: " ", count: 64),
      [0, 1, 2, 3, 4, 5, 6, 7])
    let fixtures = try ["float32.npy", "fortran.npy", "version3.npy"].map { try Fixture.bytes($0) }
    for whole in fixtures + [narrow] {
      let hostile = Hostile(whole) { _ = try NPY($0, name: "x.npy") }
      try hostile.everyTruncationIsRefused()
      hostile.everyChangeIsReadOrRefused(header: 0..<128)
      hostile.randomDamageIsReadOrRefused()
    }
  }
}
