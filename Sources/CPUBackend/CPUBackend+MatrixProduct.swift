package import Backends
internal import CPUKernels
package import Geometry

extension CPUBackend: MatrixProductKernels {
  package func matrixProduct(_ product: MatrixProduct, epilogue: Epilogue?) throws(TensorError)
    -> any Kernel
  {
    guard product.type != .bool else {
      throw TensorError(.dtype, "matmul", "of bool is not defined")
    }
    return MatrixProductKernel(product, epilogue: epilogue)
  }
}

/// Half-size types are multiplied as float32 and rounded once.
private final class MatrixProductKernel: Kernel {
  let label: String
  let workspaceByteCount: Int
  private let product: MatrixProduct
  private let method: Method
  private let leftOffsets: [Int64]
  private let rightOffsets: [Int64]
  private let wideLeft: Conversion?
  private let wideRight: Conversion?
  /// What is done to each finished part of the product.
  private let finish: CompiledProgram?
  /// Whether the product is stored where the result goes, and what is left to do is done there.
  private let isInPlace: Bool
  private let bindingCount: Int

  private enum Method {
    /// The kernels of this library, for processors they are written for.
    case native
    case library
    case integer(matmul_integer_type)
  }

  init(_ given: MatrixProduct, epilogue: Epilogue?) {
    label = given.label
    bindingCount = 3 + max((epilogue?.program.inputs.count ?? 1) - 1, 0)
    let type = given.type.computeType
    var folded = given.foldingBatch()
    var program = epilogue?.program
    if type != given.type {
      wideLeft = folded.left.widening(given.type, folded.rows, folded.inner, folded.batch)
      wideRight = folded.right.widening(given.type, folded.inner, folded.columns, folded.batch)
      folded = folded.contiguous(type)
      program =
        program?.castingFirstInput(from: type) ?? .cast(type, to: given.type)
    } else {
      wideLeft = nil
      wideRight = nil
    }
    product = folded
    let domain = epilogue?.domain ?? Domain(count: max(given.resultCount, 1), inputs: 1)
    finish = program.map { CompiledProgram($0, over: domain, firstInputIsContiguous: true) }
    isInPlace = program.map { $0.resultTypes == [type] } ?? true
    leftOffsets = folded.left.offsets(batch: folded.batch)
    rightOffsets = folded.right.offsets(batch: folded.batch)
    method =
      switch type {
      case .int32: .integer(matmul_int32)
      case .int64: .integer(matmul_int64)
      case .uint8, .bool: .integer(matmul_uint8)
      case .float32 where matmul_is_native(): .native
      default: .library
      }
    var bytes = (wideLeft?.byteCount ?? 0) + (wideRight?.byteCount ?? 0)
    if !isInPlace { bytes += (folded.resultCount * type.byteCount + 63) / 64 * 64 }
    workspaceByteCount = bytes
  }

  func run(_ call: Call) throws(TensorError) {
    guard product.resultCount > 0 else { return }
    var free = call.workspace?.address
    func take(_ byteCount: Int) -> UnsafeMutableRawPointer? {
      let taken = free
      free = free.map { $0 + byteCount }
      return taken
    }
    var left = call.address(0)
    var right = call.address(1)
    if let wideLeft, let memory = take(wideLeft.byteCount) {
      wideLeft.run(from: left, to: memory)
      left = memory
    }
    if let wideRight, let memory = take(wideRight.byteCount) {
      wideRight.run(from: right, to: memory)
      right = memory
    }
    let result = call.address(bindingCount - 1)
    var stored = result
    let storedBytes = (product.resultCount * product.type.byteCount + 63) / 64 * 64
    if !isInPlace, let memory = take(storedBytes) { stored = memory }
    guard let finish else {
      multiply(left, right, stored, nil)
      return
    }
    withUnsafeTemporaryAllocation(of: UnsafeRawPointer?.self, capacity: bindingCount - 2) {
      inputs in
      inputs.initializeElement(at: 0, to: UnsafeRawPointer(stored))
      for index in 1..<(bindingCount - 2) {
        inputs.initializeElement(at: index, to: call.address(index + 1))
      }
      // Not empty, so it has an address.
      var finishing = Finishing(
        program: finish, inputs: inputs.baseAddress!, words: call.words, result: result,
        columns: product.columns)
      withUnsafeMutablePointer(to: &finishing) { multiply(left, right, stored, $0) }
    }
  }

  private func multiply(
    _ left: UnsafeRawPointer, _ right: UnsafeRawPointer, _ result: UnsafeMutableRawPointer,
    _ finishing: UnsafeMutablePointer<Finishing>?
  ) {
    if product.inner == 0 {
      result.initializeMemory(
        as: UInt8.self, repeating: 0, count: product.resultCount * product.type.byteCount)
      finishing?.pointee.finish(0..<(product.batchCount * product.rows), 0..<product.columns)
      return
    }
    switch method {
    case .native:
      var arguments = matmul_f32(product, left, right, result)
      arguments.context = UnsafeMutableRawPointer(finishing)
      if finishing != nil {
        arguments.finish = { context, row, rows, column, columns in
          context?.assumingMemoryBound(to: Finishing.self).pointee.finish(
            Int(row)..<Int(row + rows), Int(column)..<Int(column + columns))
        }
      }
      matmul_batch_f32(&arguments, Int64(leftOffsets.count), leftOffsets, rightOffsets)
    case .library:
      libraryProduct(
        product, left, right, result, offsets: (leftOffsets, rightOffsets), finishing)
    case .integer(let type):
      for index in leftOffsets.indices {
        let size = product.type.byteCount
        matmul_integer(
          type, Int64(product.rows), Int64(product.columns), Int64(product.inner),
          product.left.integerOperand(left + Int(leftOffsets[index]) * size),
          product.right.integerOperand(right + Int(rightOffsets[index]) * size),
          result + index * product.rows * product.columns * size)
        finishing?.pointee.finish(
          (index * product.rows)..<((index + 1) * product.rows), 0..<product.columns)
      }
    }
  }
}

/// What is left to do with a part of the product when it has been stored.
struct Finishing {
  let program: CompiledProgram
  let inputs: UnsafePointer<UnsafeRawPointer?>
  let words: UnsafePointer<UInt64>
  let result: UnsafeMutableRawPointer
  /// Of the whole result.
  let columns: Int

  func finish(_ rows: Range<Int>, _ part: Range<Int>) {
    let scratch = program.threadScratch
    var result: UnsafeMutableRawPointer? = result
    if part.count == columns {
      program.run(
        inputs: inputs, results: &result, words: words, start: rows.lowerBound * columns,
        end: rows.upperBound * columns, origin: 0, scratch: scratch)
    } else {
      for row in rows {
        program.run(
          inputs: inputs, results: &result, words: words, start: row * columns + part.lowerBound,
          end: row * columns + part.upperBound, origin: 0, scratch: scratch)
      }
    }
  }
}
