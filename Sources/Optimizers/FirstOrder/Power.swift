/// `base` to the power of a number of steps, by squaring.
///
/// `pow` reads tables, which the kernels have driven out of the caches by the next step.
func power(_ base: Double, _ steps: Int) -> Double {
  var (result, square, rest) = (1.0, base, steps)
  while rest > 0 {
    if rest & 1 == 1 { result *= square }
    square *= square
    rest >>= 1
  }
  return result
}
