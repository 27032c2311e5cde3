/// A place in a pass over a data set: what a checkpoint has to hold to continue there.
///
///     let text = iterator.position.description             // "3:1024"
///     let again = try data.makeIterator(from: DataPosition(text)!)
public struct DataPosition: Sendable, Hashable, LosslessStringConvertible {
  /// The number of the pass, from 0.
  public let epoch: Int
  /// The number of the element in the pass that comes next, from 0.
  public let number: Int

  /// Negative numbers count as 0.
  public init(epoch: Int, number: Int = 0) {
    self.epoch = max(0, epoch)
    self.number = max(0, number)
  }

  /// The position that a description says; nil for any other text.
  public init?(_ description: String) {
    let parts = description.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let epoch = Self.number(parts[0]), let number = Self.number(parts[1])
    else { return nil }
    self.init(epoch: epoch, number: number)
  }

  public var description: String { "\(epoch):\(number)" }

  private static func number(_ digits: Substring) -> Int? {
    guard digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return Int(digits)
  }
}
