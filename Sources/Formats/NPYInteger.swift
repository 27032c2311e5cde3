internal import Geometry

/// An integer type of NumPy's that tensors do not have, read as a wider one that has all its
/// numbers.
struct NPYInteger {
  let byteCount: Int
  let isSigned: Bool
  /// What its elements become.
  let widened: ScalarType

  /// - Parameter name: as NumPy spells it, without the order of bytes: `i2`.
  init?(_ name: Substring) {
    switch name {
    case "i1": (byteCount, isSigned, widened) = (1, true, .int32)
    case "i2": (byteCount, isSigned, widened) = (2, true, .int32)
    case "u2": (byteCount, isSigned, widened) = (2, false, .int32)
    case "u4": (byteCount, isSigned, widened) = (4, false, .int64)
    case "u8": (byteCount, isSigned, widened) = (8, false, .int64)
    default: return nil
    }
  }

  /// Little-endian elements of this type as those of the wider one; or the first that has no place.
  func widen(_ bytes: [UInt8]) -> Result<[UInt8], Misfit> {
    let count = bytes.count / byteCount
    let target = widened.byteCount
    var misfit: Misfit?
    let wide = [UInt8](unsafeUninitializedCapacity: count * target) { wide, initialized in
      for index in 0..<count {
        var number: UInt64 = 0
        for byte in (0..<byteCount).reversed() {
          number = number << 8 | UInt64(bytes[index * byteCount + byte])
        }
        if byteCount == 8, number > Int64.max, misfit == nil {
          misfit = Misfit(index: index, value: number)
        }
        let shift = UInt64(64 - 8 * byteCount)
        let value =
          isSigned ? Int64(bitPattern: number << shift) >> shift : Int64(bitPattern: number)
        for byte in 0..<target {
          wide[index * target + byte] = UInt8(truncatingIfNeeded: value >> (8 * Int64(byte)))
        }
      }
      initialized = count * target
    }
    return misfit.map { .failure($0) } ?? .success(wide)
  }

  /// An element that the wider type does not have either.
  struct Misfit: Error {
    let index: Int
    let value: UInt64
  }
}
