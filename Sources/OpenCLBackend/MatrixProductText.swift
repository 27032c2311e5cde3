internal import Backends
internal import Geometry

/// The OpenCL C of a matrix product: types and epilogue as macros, then the kernels.
struct MatrixProductText {
  let product: MatrixProduct
  let plan: MatrixProductPlan
  let producer: ProducerText
  let flavour: OpenCLBackend.Flavour

  init(
    _ product: MatrixProduct, _ epilogue: Epilogue?, _ plan: MatrixProductPlan,
    flavour: OpenCLBackend.Flavour
  ) {
    self.product = product
    self.plan = plan
    self.flavour = flavour
    producer = ProducerText(
      product.type, epilogue, resultCount: product.batchCount * product.rows * product.columns,
      lineLength: product.columns)
  }

  var program: ProgramText? { producer.program }
  var isWide: Bool { producer.isWide }
  var resultType: ScalarType { producer.resultType }

  /// The program of `matmul` or `matmul_dots`.
  ///
  /// - Parameter isAligned: whether operands can be loaded, and results stored, four at a time.
  func source(isAligned: Bool) -> ProgramSource {
    var text = producer.head + shape(isAligned: isAligned) + KernelText.matmul
    if case .tiles = plan.method {
      text += flavour == .cpu ? KernelText.matmulCPU : KernelText.matmulGPU
    }
    return ProgramSource("matmul", text)
  }

  /// The program of `matmul_sum`.
  var sumSource: ProgramSource {
    ProgramSource("matmul_sum", producer.head + "#define ADDS_PIECES\n" + KernelText.matmul)
  }

  private func shape(isAligned: Bool) -> String {
    var text = ""
    func define(_ name: String, _ value: Int? = nil) {
      text += "#define \(name)\(value.map { " \($0)" } ?? "")\n"
    }
    if product.left.isTransposed { define("LEFT_TRANSPOSED") }
    if product.right.isTransposed { define("RIGHT_TRANSPOSED") }
    if case .dots(let isSwapped) = plan.method {
      if isSwapped { define("DOTS_SWAPPED") }
      define("FEW_LINES", (isSwapped ? product.rows : product.columns) == 1 ? 1 : 4)
    } else if flavour == .cpu {
      define("LEFT_ROWS", plan.block.leftRows)
      define("INNER_BLOCK", plan.block.inner)
    } else {
      text += plan.tile.defines
      if isAligned {
        define("ALIGNED")
        if product.columns % 4 == 0 { define("ALIGNED_RESULT") }
        if fillsTiles { define("UNCHECKED") }
      }
    }
    return text
  }

  /// Whether no tile reaches outside of its operands.
  private var fillsTiles: Bool {
    product.inner > 0 && product.rows % plan.tile.rows == 0
      && product.columns % plan.tile.columns == 0 && product.inner % plan.tile.inner == 0
      && plan.innerPiece % plan.tile.inner == 0
  }

  /// Whether every row of the operands starts at a multiple of four elements from where their
  /// memory does, and ends at one.
  var allowsAlignment: Bool {
    guard flavour == .gpu, product.type == .float32, case .tiles = plan.method else { return false }
    func fits(_ operand: MatrixProduct.Operand, _ width: Int) -> Bool {
      ([operand.leading, operand.offset, width] + operand.batchStrides).allSatisfy { $0 % 4 == 0 }
    }
    return fits(product.left, product.left.isTransposed ? product.rows : product.inner)
      && fits(product.right, product.right.isTransposed ? product.inner : product.columns)
  }
}
