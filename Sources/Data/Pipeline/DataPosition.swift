/// A place in a pass over a data set: what a checkpoint has to hold to continue there.
///
///     let text = iterator.position.description             // "3:1024:60000 elements > …"
///     let again = try data.makeIterator(from: DataPosition(text)!)
///
/// A position that an iterator gives knows the steps of its pipeline, their seeds and sizes, and is
/// refused by a pipeline that differs in one of them.
public struct DataPosition: Sendable, Hashable, LosslessStringConvertible {
  /// The number of the pass, from 0.
  public let epoch: Int
  /// The number of the element in the pass that comes next, from 0.
  public let number: Int
  /// The steps of the pipeline that it was taken in; nil if nothing is known of it.
  var pipeline: [String]?

  private static let separator = " > "

  /// A position in any pipeline. Negative numbers count as 0.
  public init(epoch: Int, number: Int = 0) {
    self.epoch = max(0, epoch)
    self.number = max(0, number)
  }

  /// The position that a description says; nil for any other text.
  public init?(_ description: String) {
    let parts = description.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count > 1, let epoch = Self.number(parts[0]), let number = Self.number(parts[1])
    else { return nil }
    self.init(epoch: epoch, number: number)
    guard parts.count == 3 else { return }
    guard !parts[2].isEmpty else { return nil }
    pipeline = parts[2].split(separator: Self.separator, omittingEmptySubsequences: false)
      .map(String.init)
  }

  public var description: String {
    let place = "\(epoch):\(number)"
    return pipeline.map { "\(place):\($0.joined(separator: Self.separator))" } ?? place
  }

  private static func number(_ digits: Substring) -> Int? {
    guard digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return Int(digits)
  }
}
