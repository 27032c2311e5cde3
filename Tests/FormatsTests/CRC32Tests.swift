import Formats
import Testing

@Suite struct CRC32Tests {
  @Test func theSumOfTheDigitsIsThatOfEverybody() {
    #expect(CRC32.checksum(Array("123456789".utf8)) == 0xCBF4_3926)
    #expect(CRC32.text(Array("123456789".utf8)) == "cbf43926")
    #expect(CRC32.text([]) == "00000000")
  }

  @Test func partsHaveTheSumOfTheWhole() {
    let bytes = (0..<50).map { UInt8(truncatingIfNeeded: $0 * 77) }
    let whole = CRC32.checksum(bytes)
    for end in bytes.indices {
      let first = CRC32.checksum(Array(bytes[..<end]))
      #expect(CRC32.checksum(Array(bytes[end...]), after: first) == whole)
    }
    #expect(CRC32.checksum([], after: whole) == whole)
  }
}
