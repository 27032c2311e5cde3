import Geometry
import Testing

@Suite struct DecimalTextTests {
  @Test(arguments: [
    (0, 0, "0"), (0, 2, "0.00"), (-0.0, 1, "0.0"), (1.5, 0, "2"), (-1.5, 1, "-1.5"),
    (0.05, 1, "0.1"), (-0.004, 2, "0.00"), (99.999, 2, "100.00"), (1234.0625, 3, "1234.063"),
    (.infinity, 2, "inf"), (.nan, 2, "nan"), (1e300, 2, "1e+300"),
  ])
  func digitsBehindThePoint(_ number: Double, _ digits: Int, _ text: String) {
    #expect(number.fixed(digits) == text)
  }

  @Test(arguments: [
    (0, "0"), (999, "999"), (1000, "1,000"), (-1000, "-1,000"), (1_234_567, "1,234,567"),
    (Int.min, "-9,223,372,036,854,775,808"),
  ])
  func groupsOfThree(_ number: Int, _ text: String) {
    #expect(number.grouped() == text)
  }
}
