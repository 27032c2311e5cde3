internal import Backends
internal import Geometry

/// The OpenCL C of a matrix product: types and epilogue as macros, then the kernels.
struct MatrixProductText {
  let product: MatrixProduct
  let plan: MatrixProductPlan
  let program: ProgramText?
  let flavour: OpenCLBackend.Flavour
  /// Whether indices of the result need more than 32 bits.
  let isWide: Bool

  init(
    _ product: MatrixProduct, _ epilogue: Epilogue?, _ plan: MatrixProductPlan,
    flavour: OpenCLBackend.Flavour
  ) {
    self.product = product
    self.plan = plan
    self.flavour = flavour
    program = epilogue.map { ProgramText($0.program, over: $0.domain, given: [0]) }
    isWide = product.batchCount * product.rows * product.columns > 1 << 30
  }

  var resultType: ScalarType { program?.program.resultTypes[0] ?? product.type }

  /// The program of `matmul` or `matmul_dots`.
  ///
  /// - Parameter isAligned: whether operands can be loaded, and results stored, four at a time.
  func source(isAligned: Bool) -> ProgramSource {
    var text = head + shape(isAligned: isAligned) + KernelText.matmul
    if case .tiles = plan.method {
      text += flavour == .cpu ? KernelText.matmulCPU : KernelText.matmulGPU
    }
    return ProgramSource("matmul", text)
  }

  /// The program of `matmul_sum`.
  var sumSource: ProgramSource {
    ProgramSource("matmul_sum", head + "#define ADDS_PIECES\n" + KernelText.matmul)
  }

  private var head: String {
    var text = KernelText.law + "#define INDEX \(isWide ? "long" : "int")\n"
    if program != nil || product.type != .float32 { text += KernelText.elementwise }
    return text + types + epilogue
  }

  private var types: String {
    let type = product.type
    var text = ""
    if type != .float32 {
      let value: String
      switch type {
      case .float64: value = "double"
      case .float32, .float16, .bfloat16: value = "float"
      // Unsigned, since their sums wrap around.
      case .int32, .uint8, .bool: value = "uint"
      case .int64: value = "ulong"
      }
      text += """
        #define ELEMENT \(type.storageName)
        #define VALUE \(value)
        #define ACCUMULATE(a, b, sum) \
        \(type.isFloatingPoint ? "fma(a, b, sum)" : "((a) * (b) + (sum))")
        #define LOAD(pointer, index) ((VALUE)(\(type.loading("(pointer)[index]"))))
        #define ROUND(sum) (\(type.rounding("(\(type.registerName))(sum)")))

        """
    }
    if type != .float32 || resultType != .float32 {
      text += "#define RESULT \(resultType.storageName)\n"
      text += "#define STORED(value) (\(resultType.storing("(value)")))\n"
    }
    return text
  }

  private var epilogue: String {
    guard let program else { return "" }
    // The names of the parameters, each with a comma after it, as the parameters have.
    let names = program.parameters.split(separator: ",").compactMap {
      $0.split(whereSeparator: { $0 == " " || $0 == "*" }).last
    }
    var text = program.macros + "#define HAS_EPILOGUE\n"
    text += "#define PRODUCT_TYPE \(product.type.registerName)\n"
    text += "#define PROGRAM_ARGUMENTS \(names.map { "\($0), " }.joined())\n"
    if program.readsRows, program.rowLength == product.columns {
      text += "#define ROWS_ARE_LINES\n"
    }
    return text
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
      let tile = plan.tile
      define("TILE_ROWS", tile.rows)
      define("TILE_COLUMNS", tile.columns)
      define("TILE_INNER", tile.inner)
      define("ITEM_ROWS", tile.itemRows)
      define("ITEM_COLUMNS", tile.itemColumns)
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

  /// Whether every row of the operands starts at a multiple of four elements from where their memory
  /// does, and ends at one.
  var allowsAlignment: Bool {
    guard flavour == .gpu, product.type == .float32, case .tiles = plan.method else { return false }
    func fits(_ operand: MatrixProduct.Operand, _ width: Int) -> Bool {
      ([operand.leading, operand.offset, width] + operand.batchStrides).allSatisfy { $0 % 4 == 0 }
    }
    return fits(product.left, product.left.isTransposed ? product.rows : product.inner)
      && fits(product.right, product.right.isTransposed ? product.inner : product.columns)
  }
}
