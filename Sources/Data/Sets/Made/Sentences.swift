public import Geometry

extension Dataset where Element == String {
  /// Sentences of a small English grammar, made, not read: text for a model of characters to learn.
  ///
  ///     let text = try Dataset.sentences(count: 1000, seed: 1).elements().joined(separator: " ")
  public static func sentences(count: Int, seed: UInt64) throws(TensorError) -> Dataset {
    let count = try checkedCount(count, "sentences")
    let seed = Random.seed(seed, for: "sentences")
    return Dataset(
      (0..<count).map { number in
        var random = Random(seed: seed, number: number)
        return sentence(&random)
      })
  }
}

private func sentence(_ random: inout Random) -> String {
  func one(_ words: [String], _ random: inout Random) -> String { words[random.below(words.count)] }
  func noun(_ random: inout Random) -> String {
    let animal = one(["cat", "dog", "bird", "horse", "fox", "spider", "child"], &random)
    guard random.chance(0.5) else { return "the \(animal)" }
    return "the \(one(["small", "old", "quiet", "red", "quick", "hungry"], &random)) \(animal)"
  }
  let subject = noun(&random)
  let verb = one(["sees", "follows", "likes", "hears", "finds", "leaves"], &random)
  var text = "\(subject) \(verb) \(noun(&random))"
  if random.chance(0.4) {
    let place = one(["garden", "house", "river", "tree", "field"], &random)
    text += " \(one(["near", "behind", "under", "beside"], &random)) the \(place)"
  }
  if random.chance(0.25) { text += " and \(one(["waits", "sleeps", "runs", "sings"], &random))" }
  return text.prefix(1).uppercased() + text.dropFirst() + "."
}
