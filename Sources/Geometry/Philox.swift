/// The counter-based generator of Salmon et al. (2011), Philox 4×32 with ten rounds: four random
/// words are a function of a key and a counter. Kernels have it in
/// `Kernels/common/elementary_numbers.h`.
package enum Philox {
  /// The four words that belong to a counter.
  @inlinable
  package static func block(
    _ counter: SIMD4<UInt32>, key: SIMD2<UInt32>
  ) -> SIMD4<UInt32> {
    var c = counter
    var k = key
    for _ in 0..<10 {
      let p = UInt64(0xD251_1F53) &* UInt64(c[0])
      let q = UInt64(0xCD9E_8D57) &* UInt64(c[2])
      c = [
        UInt32(truncatingIfNeeded: q >> 32) ^ c[1] ^ k[0], UInt32(truncatingIfNeeded: q),
        UInt32(truncatingIfNeeded: p >> 32) ^ c[3] ^ k[1], UInt32(truncatingIfNeeded: p),
      ]
      k = k &+ [0x9E37_79B9, 0xBB67_AE85]
    }
    return c
  }

  /// The key that a seed stands for.
  @inlinable
  package static func key(_ seed: UInt64) -> SIMD2<UInt32> {
    [UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)]
  }
}
