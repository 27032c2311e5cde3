internal import Backends
internal import Geometry

/// What the texts of products and convolutions begin with: types and the epilogue as macros.
struct ProducerText {
  /// The type of the operands, and of what the epilogue is given.
  let type: ScalarType
  let program: ProgramText?
  /// Whether indices of the result need more than 32 bits.
  let isWide: Bool
  private let lineLength: Int

  /// - Parameters:
  ///   - epilogue: nil for one that changes nothing.
  ///   - lineLength: the extent of the last axis of the result.
  init(_ type: ScalarType, _ epilogue: Epilogue?, resultCount: Int, lineLength: Int) {
    self.type = type
    self.lineLength = lineLength
    program = epilogue.map { ProgramText($0.program, over: $0.domain, given: [0]) }
    isWide = resultCount > 1 << 30
  }

  init(_ convolution: Convolution, _ pass: ConvolutionPass, _ epilogue: Epilogue?) {
    let shape = convolution.resultShape(pass)
    self.init(convolution.type, epilogue, resultCount: shape.count, lineLength: shape.last)
  }

  var resultType: ScalarType { program?.program.resultTypes[0] ?? type }

  /// The binding of the result of a call with two operands.
  func result(of call: Call) -> Binding {
    call.bindings[1 + max(1, program?.program.inputs.count ?? 1)]
  }

  /// Binds the parameters of the epilogue.
  func bind(to list: inout ArgumentList, _ call: Call) {
    program?.bind(
      to: &list, inputs: call.bindings + 2, missing: 1, words: call.words, isWide: isWide)
  }

  var head: String {
    var text = KernelText.law + "#define INDEX \(isWide ? "long" : "int")\n"
    if program != nil || type != .float32 { text += KernelText.elementwise }
    return text + types + epilogue
  }

  private var types: String {
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
    text += "#define PRODUCT_TYPE \(type.registerName)\n"
    text += "#define PROGRAM_ARGUMENTS \(names.map { "\($0), " }.joined())\n"
    if program.readsRows, program.rowLength == lineLength {
      text += "#define ROWS_ARE_LINES\n"
    }
    return text
  }
}
