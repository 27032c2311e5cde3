import Data
import Geometry
import Testing

@Suite struct TextTests {
  @Test func stringsHaveNumbersAndBack() throws {
    let lookup = try StringLookup(["cat", "dog"])
    #expect(lookup.indices(["dog", "cow", "cat"]) == [2, 0, 1])
    #expect(lookup.string(2) == "dog")
    #expect(lookup.string(3) == nil)
    #expect(lookup.string(-1) == nil)
    #expect(throws: TensorError.self) { try StringLookup(["a", "a"]) }
    let counted = StringLookup(countedIn: ["b", "c", "a", "c", "b", "d"], limit: 3)
    #expect(counted.vocabulary == ["[UNK]", "b", "c", "a"])
  }

  @Test func textsBecomeNumbers() throws {
    let texts = ["The cat sat.", "The dog, the cat!"]
    let vectorizer = try TextVectorizer(fittedTo: texts, limit: 4, length: 5)
    #expect(vectorizer.vocabulary == ["", "[UNK]", "the", "cat"])
    #expect(vectorizer.indices("the CAT ran") == [2, 3, 1, 0, 0])
    #expect(vectorizer.indices("a b c d e f g") == [1, 1, 1, 1, 1])
    #expect(vectorizer.text([2, 3, 0]) == "the cat")
    #expect(try vectorizer.values("the").integers == [2, 0, 0, 0, 0])
    #expect(try vectorizer.values("the").scalarType == .int32)
  }

  @Test func charactersMayBeTokens() throws {
    let vectorizer = try TextVectorizer(
      fittedTo: ["abba."], tokens: .characters, simplifies: false)
    #expect(vectorizer.vocabulary == ["", "[UNK]", "a", "b", "."])
    #expect(vectorizer.indices("bax") == [3, 2, 1])
    #expect(vectorizer.text([3, 2]) == "ba")
  }

  @Test func sentencesOfDifferentLengthsMakeABatch() throws {
    let vectorizer = try TextVectorizer(fittedTo: ["a b c", "a b", "a"])
    let batch = try Dataset(["c b a", "a", "b d"])
      .map { Example(input: try vectorizer.values($0)) }
      .paddedBatch(3).elements()[0]
    #expect(try Values(batch.inputs[0]).integers == [4, 3, 2, 2, 0, 0, 3, 1, 0])
  }
}
