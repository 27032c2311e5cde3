package import Geometry

/// Elementwise chains, fused.
package protocol ElementwiseKernels {
  /// `results[k][i] = program(inputs at i)[k]` for each index of the domain.
  ///
  /// Bindings: the program's inputs, then its results. A result may be the memory of a contiguous
  /// input of the same element size.
  func elementwise(_ program: Program, over domain: Domain) throws(TensorError) -> any Kernel

  /// One program over many groups of contiguous tensors, group `g` having `counts[g]` elements.
  ///
  /// Bindings: inputs and results of the first group, then those of the next. Scalars are shared.
  /// A result may be the memory of an input of its group.
  func elementwise(_ program: Program, overGroups counts: [Int]) throws(TensorError) -> any Kernel
}

/// Sums, products, extremes and where they are.
package protocol ReductionKernels {
  /// The reduction of what `program` computes over `domain`, whose indices count
  /// `[outer, count, inner]` row-major. The program has one result, of `reduction.type`.
  ///
  /// Bindings: the program's inputs, then the result of each kind.
  func reduction(_ reduction: Reduction, of program: Program, over domain: Domain)
    throws(TensorError) -> any Kernel
}

/// Matrix products with an epilogue.
package protocol MatrixProductKernels {
  /// `epilogue(left × right)`: the epilogue's first input is the product, an element at a time, in
  /// the product's type; the rest lie where the epilogue's domain, over the result's elements
  /// row-major, says. Without one, the product itself. The first access of the domain is ignored.
  ///
  /// Bindings: left, right, the epilogue's inputs but for the first, then the result.
  func matrixProduct(_ product: MatrixProduct, epilogue: Epilogue?) throws(TensorError)
    -> any Kernel
}

/// Elementwise code that a producer runs on its result while that is still close at hand.
package struct Epilogue: Hashable, Sendable {
  package let program: Program
  package let domain: Domain

  package init(program: Program, domain: Domain) {
    self.program = program
    self.domain = domain
  }
}

/// Concatenation, padding, writing slices back: data movement into parts of a result.
package protocol AssemblyKernels {
  /// Bindings: one input a part, then the result.
  func assembly(_ assembly: Assembly) throws(TensorError) -> any Kernel
}

/// Running sums and products, and what their gradients need.
package protocol ScanKernels {
  /// Bindings: factors, terms, then the result, all contiguous.
  func linearRecurrence(_ recurrence: LinearRecurrence) throws(TensorError) -> any Kernel

  /// Bindings: the input, contiguous, then the result.
  func scan(_ scan: Scan) throws(TensorError) -> any Kernel
}
