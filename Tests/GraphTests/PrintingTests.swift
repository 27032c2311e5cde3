import Geometry
import Tensors
import Testing

/// What a printed tensor looks like.
@Suite struct PrintingTests {
  private func lines(_ tensor: Tensor) -> [String] {
    "\(tensor)".split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  @Test func numbersStandInColumns() throws {
    let x = try Tensor([1, 2.5, -10, 4], shape: [2, 2], on: .cpu)
    #expect(
      lines(x) == ["[[  1.0   2.5]", " [-10.0   4.0]]", "Tensor(shape: [2, 2], float32, cpu)"])
  }

  @Test func wholeNumbersHaveNoDecimals() throws {
    #expect(lines(try Tensor.arange(0, 3, on: .cpu))[0] == "[0. 1. 2.]")
    let words = try Tensor([Int32(1), -20], shape: [2], on: .cpu)
    #expect(lines(words) == ["[  1 -20]", "Tensor(shape: [2], int32, cpu)"])
  }

  @Test func longAxesAreShortened() throws {
    let x = try Tensor.arange(0, 2000, on: .cpu)
    #expect(lines(x)[0] == "[   0.    1.    2. ... 1997. 1998. 1999.]")
  }

  @Test func planesAreSetApart() throws {
    let x = try Tensor.ones([2, 1, 2], on: .cpu)
    #expect(lines(x).dropLast() == ["[[[1. 1.]]", "", " [[1. 1.]]]"])
  }

  @Test func strangeNumbersHaveNames() throws {
    let x = try Tensor([.nan, .infinity, -.infinity, 0], shape: [4], on: .cpu)
    #expect(lines(x)[0] == "[ nan  inf -inf   0.]")
  }

  @Test func verySmallAndVeryLargeNumbersArePowersOfTen() throws {
    let x = try Tensor([1e-7, 2e9], shape: [2], on: .cpu)
    #expect(lines(x)[0] == "[1.0000e-07 2.0000e+09]")
  }

  @Test func emptyTensorsAndScalarsPrint() throws {
    #expect(lines(try Tensor.zeros([0, 3], on: .cpu))[0] == "[]")
    #expect(lines(Tensor(2))[0] == "2.")
    #expect(lines(try Tensor([true, false], shape: [2], on: .cpu))[0] == "[ true false]")
  }
}
