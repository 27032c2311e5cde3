internal import Backends
internal import Geometry

/// The OpenCL C of kernels that run one program over the elements of a domain, or of several groups
/// of tensors.
///
/// A group of work items handles one block: of `chunk` elements, contiguous, in a loop on CPUs; of
/// `GPU.items` times `lanes` elements on GPUs, where neighbours handle neighbouring elements,
/// `lanes` of them with vector loads. The blocks of a group of tensors follow those of the one
/// before.
struct ElementwiseSource {
  enum GPU {
    static let items = 256
    static let lanes = 4
  }

  let text: ProgramText
  /// The inputs that are read at the index of the element.
  let contiguous: [Int]
  let groups: Int
  let flavour: OpenCLBackend.Flavour
  /// Whether indices need more than 32 bits.
  let isWide: Bool

  init(
    _ program: Program, over domain: Domain, groups: Int, flavour: OpenCLBackend.Flavour,
    isWide: Bool
  ) {
    contiguous = domain.accesses.indices.filter { domain.accesses[$0].kind == .contiguous }
    text = ProgramText(program, over: domain, given: Set(contiguous))
    self.groups = groups
    self.flavour = flavour
    self.isWide = isWide
  }

  /// Whether there is a kernel that handles several neighbouring elements at once.
  var hasLanes: Bool { flavour == .gpu && !text.readsRows }

  var source: ProgramSource {
    var kernels = kernel(lanes: 1)
    if hasLanes { kernels += kernel(lanes: GPU.lanes) }
    return ProgramSource(
      "elementwise", KernelText.law + KernelText.elementwise + kernels,
      defines: [("INDEX", isWide ? "long" : "int")])
  }

  static func kernelName(lanes: Int) -> String {
    lanes == 1 ? "elementwise" : "elementwise\(lanes)"
  }

  private func kernel(lanes: Int) -> String {
    var parameters = text.parameters
    for g in 0..<groups {
      for k in contiguous {
        parameters += "global const \(type(k)) *in\(k)_\(g), const long in\(k)_\(g)_start, "
      }
      for k in text.program.results.indices {
        parameters += "global \(resultType(k)) *r\(k)_\(g), const long r\(k)_\(g)_start, "
      }
      parameters += "const INDEX count_\(g), const INDEX blocks_\(g), "
    }
    parameters += "const INDEX chunk"
    let items = flavour == .cpu ? 1 : GPU.items
    return """
      __attribute__((reqd_work_group_size(\(items), 1, 1)))
      kernel void \(Self.kernelName(lanes: lanes))(\(parameters)) {
      \(text.setup)\(findGroup)\(flavour == .cpu ? chunkBody : lanes == 1 ? itemBody : laneBody(lanes))}

      """
  }

  /// Which tensors this block is of, and which of their blocks it is.
  private var findGroup: String {
    var text = "INDEX block = get_group_id(0);\n"
    let memory =
      contiguous.map { ("in\($0)", "global const \(type($0))") }
      + self.text.program.results.indices.map { ("r\($0)", "global \(resultType($0))") }
    func assignments(_ g: Int) -> String {
      memory.map { "\($0.0) = \($0.0)_\(g) + \($0.0)_\(g)_start; " }.joined()
        + "count = count_\(g);"
    }
    for (name, type) in memory { text += "\(type) *\(name);\n" }
    text += "INDEX count;\n"
    for g in 0..<(groups - 1) {
      let before = (0..<g).map { "blocks_\($0) + " }.joined()
      text += "if (block < \(before)blocks_\(g)) { \(assignments(g)) "
      for h in 0..<g { text += "block -= blocks_\(h); " }
      text += "} else "
    }
    text += "{ \(assignments(groups - 1)) "
    for h in 0..<(groups - 1) { text += "block -= blocks_\(h); " }
    return text + "}\n"
  }

  private var chunkBody: String {
    let loads = contiguous.map { declare($0, "in\($0)[i]") }.joined()
    if text.readsRows {
      return """
        const INDEX end = min(count, (block + 1) * chunk);
        for (INDEX start = block * chunk; start < end;) {
        const INDEX row = start / p_length;
        const INDEX base = row * p_length;
        const INDEX stop = min(p_length, end - base);
        \(text.rowSetup)VECTORIZE
        for (INDEX j = start - base; j < stop; j++) {
        const INDEX i = base + j;
        \(loads)\(text.element)\(stores)}
        start = base + stop;
        }

        """
    }
    return """
      const INDEX end = min(count, (block + 1) * chunk);
      VECTORIZE
      for (INDEX i = block * chunk; i < end; i++) {
      \(loads)\(text.element)\(stores)}

      """
  }

  private var itemBody: String {
    let loads = contiguous.map { declare($0, "in\($0)[i]") }.joined()
    let rows =
      text.readsRows
      ? "const INDEX row = i / p_length;\nconst INDEX j = i - row * p_length;\n" + text.rowSetup
      : ""
    return """
      const INDEX i = block * \(GPU.items) + (INDEX)get_local_id(0);
      if (i < count) {
      \(rows)\(loads)\(text.element)\(stores)}

      """
  }

  private func laneBody(_ lanes: Int) -> String {
    var body = """
      const INDEX first = (block * \(GPU.items) + (INDEX)get_local_id(0)) * \(lanes);
      if (first >= count) return;
      const int left = (int)min((INDEX)\(lanes), count - first);

      """
    for k in contiguous {
      body += "\(type(k)) in\(k)_lanes[\(lanes)];\n"
      body += "if (left == \(lanes)) vstore\(lanes)("
      body += "*(global const \(type(k))\(lanes) *)(in\(k) + first), 0, in\(k)_lanes);\n"
      body += "else for (int lane = 0; lane < \(lanes); lane++) "
      body += "in\(k)_lanes[lane] = lane < left ? in\(k)[first + lane] : 0;\n"
    }
    for k in text.program.results.indices { body += "\(resultType(k)) r\(k)_lanes[\(lanes)];\n" }
    body += "UNROLL\nfor (int lane = 0; lane < \(lanes); lane++) {\n"
    body += "const INDEX i = first + lane;\n"
    body += contiguous.map { declare($0, "in\($0)_lanes[lane]") }.joined() + text.element
    for (k, value) in text.results.enumerated() {
      body += "r\(k)_lanes[lane] = \(text.program.resultTypes[k].storing(value));\n"
    }
    body += "}\n"
    for k in text.program.results.indices {
      body += "if (left == \(lanes)) *(global \(resultType(k))\(lanes) *)(r\(k) + first) = "
      body += "vload\(lanes)(0, r\(k)_lanes);\n"
      body += "else for (int lane = 0; lane < left; lane++) r\(k)[first + lane] = "
      body += "r\(k)_lanes[lane];\n"
    }
    return body
  }

  private var stores: String {
    text.results.enumerated().map { k, value in
      "r\(k)[i] = \(text.program.resultTypes[k].storing(value));\n"
    }.joined()
  }

  private func type(_ input: Int) -> String { text.program.inputs[input].storageName }

  private func resultType(_ k: Int) -> String { text.program.resultTypes[k].storageName }

  private func declare(_ input: Int, _ stored: String) -> String {
    let type = text.program.inputs[input]
    return "const \(type.registerName) \(text.value(input)) = \(type.loading(stored));\n"
  }
}
