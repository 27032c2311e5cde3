package import Backends
internal import CPUKernels
package import Geometry

extension CPUBackend: ElementwiseKernels {
  package func elementwise(_ program: Program, over domain: Domain) throws(TensorError)
    -> any Kernel
  {
    ElementwiseKernel(CompiledProgram(program, over: domain), counts: [domain.count])
  }

  package func elementwise(_ program: Program, overGroups counts: [Int]) throws(TensorError)
    -> any Kernel
  {
    let domain = Domain(count: counts.max() ?? 0, inputs: program.inputs.count)
    let compiled = CompiledProgram(program, over: domain, total: counts.reduce(0, +))
    return ElementwiseKernel(compiled, counts: counts)
  }
}

/// A compiled program over groups of tensors, cut into chunks of about equal work.
private final class ElementwiseKernel: Kernel {
  let label: String
  private let program: CompiledProgram
  private let groupCount: Int
  private let inputCount: Int
  private let resultCount: Int
  /// Where the inputs and the results of each group are during a run.
  private let inputs: UnsafeMutablePointer<UnsafeRawPointer?>
  private let results: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  /// What chunk `k` computes: the pieces from `firstPieces[k]` until `firstPieces[k + 1]`.
  private let pieces: [Piece]
  private let firstPieces: [Int]
  private var scratch: Scratch

  /// The indices from `start` until `end` of one group.
  private struct Piece {
    let group: Int, start: Int, end: Int
  }

  private struct Context {
    let kernel: Unmanaged<ElementwiseKernel>
    let words: UnsafePointer<UInt64>
  }

  init(_ program: CompiledProgram, counts: [Int]) {
    self.program = program
    label = program.program.label(counts)
    groupCount = counts.count
    inputCount = program.program.inputs.count
    resultCount = program.program.results.count
    inputs = .allocate(capacity: groupCount * inputCount)
    results = .allocate(capacity: groupCount * resultCount)
    (pieces, firstPieces) = Self.cut(counts, into: program.program.chunkLength(of: counts))
    scratch = Scratch(byteCount: program.scratchByteCount, threads: 1)
  }

  deinit {
    inputs.deallocate()
    results.deallocate()
  }

  func run(_ call: Call) throws(TensorError) {
    var binding = 0
    for group in 0..<groupCount {
      for index in 0..<inputCount {
        inputs[group * inputCount + index] = UnsafeRawPointer(call.address(binding))
        binding += 1
      }
      for index in 0..<resultCount {
        results[group * resultCount + index] = call.address(binding)
        binding += 1
      }
    }
    let chunks = firstPieces.count - 1
    guard chunks > 1 else {
      if chunks == 1 { run(chunk: 0, thread: 0, call.words) }
      return
    }
    let threads = CPUBackend.threadCount
    if scratch.threads < threads {
      scratch = Scratch(byteCount: program.scratchByteCount, threads: threads)
    }
    var context = Context(kernel: .passUnretained(self), words: call.words)
    onThreads(chunks: chunks, &context) { context, chunk, thread in
      guard let context = context?.assumingMemoryBound(to: Context.self) else { return }
      let words = context.pointee.words
      context.pointee.kernel._withUnsafeGuaranteedRef {
        $0.run(chunk: Int(chunk), thread: Int(thread), words)
      }
    }
  }

  private func run(chunk: Int, thread: Int, _ words: UnsafePointer<UInt64>) {
    for index in firstPieces[chunk]..<firstPieces[chunk + 1] {
      let piece = pieces[index]
      program.run(
        inputs: inputs + piece.group * inputCount, results: results + piece.group * resultCount,
        words: words, start: piece.start, end: piece.end, origin: 0,
        scratch: scratch.memory(of: thread))
    }
  }

  /// Chunks of about `length` elements: a piece of a large group, or several small groups.
  private static func cut(_ counts: [Int], into length: Int) -> ([Piece], [Int]) {
    var pieces: [Piece] = []
    var firstPieces = [0]
    var taken = 0
    for (group, count) in counts.enumerated() {
      var start = 0
      while start < count {
        let end = count - start <= length + length / 4 ? count : start + length
        if taken > 0, taken + end - start > length {
          firstPieces.append(pieces.count)
          taken = 0
        }
        pieces.append(Piece(group: group, start: start, end: end))
        taken += end - start
        start = end
      }
    }
    if taken > 0 { firstPieces.append(pieces.count) }
    return (pieces, firstPieces)
  }
}

/// Memory for each thread that takes part in a run.
private struct Scratch: ~Copyable {
  let threads: Int
  private let byteCount: Int
  private let start: UnsafeMutableRawPointer

  init(byteCount: Int, threads: Int) {
    // Cache lines are fetched in pairs: one between keeps threads out of each other's way.
    self.byteCount = byteCount + 64
    self.threads = threads
    start = .allocate(byteCount: self.byteCount * threads, alignment: 64)
  }

  deinit { start.deallocate() }

  func memory(of thread: Int) -> UnsafeMutableRawPointer { start + thread * byteCount }
}

extension Program {
  /// The time one element takes on one core, roughly, in picoseconds.
  private var picoseconds: Int {
    let bytes = (inputs + resultTypes).reduce(0) { $0 + $1.byteCount }
    return 50 * instructions.count + 25 * cost + 25 * bytes
  }

  /// How many elements make a chunk: all, where a second thread would gain nothing.
  fileprivate func chunkLength(of counts: [Int]) -> Int {
    let total = counts.reduce(0, +)
    guard total / 1000 * picoseconds > 30_000 else { return Swift.max(total, 1) }
    let length = 20_000_000 / picoseconds / 1024 * 1024
    return Swift.min(Swift.max(length, 4096), 64 << 10)
  }

  /// `exp, multiply, add [4096]`
  fileprivate func label(_ counts: [Int]) -> String {
    let names = instructions.prefix(6).map { "\($0.operation)" }
    let code = instructions.isEmpty ? "copy" : names.joined(separator: ", ")
    let sizes = counts.count == 1 ? "\(counts)" : "\(counts.count) tensors"
    return code + (instructions.count > 6 ? ", … " : " ") + sizes
  }
}
