extension ProgramText {
  /// The text as macros, for a program with one result and kernels written by hand.
  ///
  /// Such a kernel has `PROGRAM_PARAMETERS` among its parameters and `PROGRAM_SETUP` at its top. It
  /// declares `i` and, if `PROGRAM_READS_ROWS`, `row = i / p_length` and `j = i % p_length` of type
  /// `INDEX`; `PROGRAM_ROW PROGRAM_ELEMENT` then declare what `PROGRAM_RESULT` names, in the type
  /// that arithmetic is done in.
  var macros: String {
    macro("PARAMETERS", parameters) + macro("SETUP", setup) + macro("ROW", rowSetup)
      + macro("ELEMENT", element) + macro("RESULT", results[0])
      + macro("READS_ROWS", readsRows ? "1" : "0")
  }

  private func macro(_ name: String, _ text: String) -> String {
    let line = text.split(separator: "\n").joined(separator: " ")
    return "#define PROGRAM_\(name) \(line)\n"
  }
}
