public import Geometry

/// Einstein's summation: `einsum("bij,bjk->bik", a, b)`.
///
/// Letters name axes. Those that the result does not have are summed over; without `->` the result
/// has the letters that occur once, in alphabetical order. Operands are combined from the left,
/// each pair by one matrix product.
public func einsum(_ equation: String, _ operands: Tensor...) throws(TensorError) -> Tensor {
  try einsum(equation, operands)
}

/// Einstein's summation over a list of operands.
public func einsum(_ equation: String, _ operands: [Tensor]) throws(TensorError) -> Tensor {
  let parsed = try Equation(equation, operands)
  var terms: [Equation.Term] = []
  for (letters, tensor) in zip(parsed.inputs, operands) {
    terms.append(try Equation.Term(letters: letters, tensor: tensor).withoutRepeats())
  }
  while terms.count > 1 {
    let left = terms.removeFirst()
    let right = terms.removeFirst()
    let later = Set(terms.flatMap(\.letters) + parsed.result)
    terms.insert(try left.product(right, keeping: later), at: 0)
  }
  return try terms[0].arranged(as: parsed.result)
}

/// An equation taken apart, and checked against its operands.
private struct Equation {
  var inputs: [[Character]] = []
  var result: [Character] = []

  init(_ text: String, _ operands: [Tensor]) throws(TensorError) {
    func fail(_ detail: String) -> TensorError {
      TensorError(.argument, "einsum", "\"\(text)\": \(detail)", operands: operands.map(\.info))
    }
    let compact = String(text.filter { $0 != " " })
    let hasArrow = compact.contains("->")
    var sides: [Substring] = [Substring(compact)]
    if hasArrow {
      let pieces = compact.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
      sides = [pieces[0], pieces[1].dropFirst()]
    }
    inputs = sides[0].split(separator: ",", omittingEmptySubsequences: false).map { Array($0) }
    let all = inputs.flatMap { $0 }
    guard !operands.isEmpty, inputs.count == operands.count else {
      throw fail("names \(inputs.count) operands, \(operands.count) were given")
    }
    if hasArrow {
      result = Array(sides[1])
    } else {
      result = Set(all).filter { letter in all.filter { $0 == letter }.count == 1 }.sorted()
    }
    guard (all + result).allSatisfy({ $0.isLetter && $0.isASCII }) else {
      throw fail("axes are named by letters")
    }
    guard Set(result).count == result.count, result.allSatisfy({ all.contains($0) }) else {
      throw fail("the result needs letters of the operands, each once")
    }
    for tensor in operands {
      guard tensor.scalarType == operands[0].scalarType, tensor.scalarType != .bool else {
        throw TensorError(
          .dtype, "einsum", "operands need one type of numbers", operands: operands.map(\.info))
      }
      guard tensor.node.place === operands[0].node.place else {
        throw TensorError(
          .device, "einsum", "operands are on different devices", operands: operands.map(\.info))
      }
    }
    var extents: [Character: Int] = [:]
    for (letters, tensor) in zip(inputs, operands) {
      guard letters.count == tensor.rank else {
        throw fail("\(String(letters)) names \(letters.count) axes of \(tensor.rank)")
      }
      for (axis, letter) in letters.enumerated() {
        let extent = tensor.shape[axis]
        guard extents[letter, default: extent] == extent else {
          throw fail("axis \(letter) has \(extents[letter, default: 0]) elements and \(extent)")
        }
        extents[letter] = extent
      }
    }
  }

  /// A tensor with named axes.
  struct Term {
    var letters: [Character]
    var tensor: Tensor

    /// Repeated letters as one: the diagonal.
    func withoutRepeats() throws(TensorError) -> Term {
      var term = self
      while let second = term.letters.indices.first(where: {
        term.letters[..<$0].contains(term.letters[$0])
      }) {
        let first = term.letters.firstIndex(of: term.letters[second]) ?? 0
        let extent = term.tensor.shape[first]
        var shape = Shape([Int](repeating: 1, count: term.letters.count))
        shape[first] = extent
        shape[second] = extent
        let eye = try Tensor.eye(extent, as: term.tensor.scalarType, on: term.tensor.device)
        term.tensor = try (term.tensor * eye.reshaped(to: shape)).sum(axes: [second])
        term.letters.remove(at: second)
      }
      return term
    }

    /// The sum over letters that `kept` does not have.
    func summed(keeping kept: Set<Character>) throws(TensorError) -> Term {
      let axes = letters.indices.filter { !kept.contains(letters[$0]) }
      if axes.isEmpty { return self }
      return Term(letters: letters.filter { kept.contains($0) }, tensor: try tensor.sum(axes: axes))
    }

    func arranged(as target: [Character]) throws(TensorError) -> Tensor {
      let term = try summed(keeping: Set(target))
      return try term.tensor.permuted(target.map { term.letters.firstIndex(of: $0) ?? 0 })
    }

    /// The product with another term as one batched matrix product.
    func product(_ other: Term, keeping later: Set<Character>) throws(TensorError) -> Term {
      let left = try summed(keeping: later.union(other.letters))
      let right = try other.summed(keeping: later.union(letters))
      let shared = left.letters.filter { right.letters.contains($0) }
      let batch = shared.filter { later.contains($0) }
      let inner = shared.filter { !later.contains($0) }
      let rows = left.letters.filter { !shared.contains($0) }
      let columns = right.letters.filter { !shared.contains($0) }
      let a = try left.matrix(batch, rows, inner)
      let b = try right.matrix(batch, inner, columns)
      let extents = Dictionary(
        zip(left.letters + right.letters, Array(left.tensor.shape) + Array(right.tensor.shape))
      ) { first, _ in first }
      let letters = batch + rows + columns
      let shape = Shape(letters.map { extents[$0] ?? 1 })
      return Term(letters: letters, tensor: try matmul(a, b).reshaped(to: shape))
    }

    /// Axes gathered into three: batch, rows, columns.
    private func matrix(
      _ batch: [Character], _ rows: [Character], _ columns: [Character]
    ) throws(TensorError) -> Tensor {
      let order = batch + rows + columns
      let axes = order.map { letters.firstIndex(of: $0) ?? 0 }
      func extent(_ list: [Character]) -> Int {
        list.reduce(1) { $0 * tensor.shape[letters.firstIndex(of: $1) ?? 0] }
      }
      return try tensor.permuted(axes)
        .reshaped(to: [extent(batch), extent(rows), extent(columns)])
    }
  }
}
