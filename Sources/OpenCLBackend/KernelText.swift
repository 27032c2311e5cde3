internal import OpenCLSources

/// The OpenCL C texts that are in the binary, as programs begin with them.
enum KernelText {
  /// What every generated text begins with: products and sums stay apart unless a kernel says
  /// `fma`.
  static let law = "#pragma OPENCL FP_CONTRACT OFF\n"
  /// What generated text is written in: the elementary functions, which the CPU has too, and more.
  static let elementwise =
    text("elementary.h", opencl_elementary_source())
    + "#if HAS_FLOAT64\n#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n"
    + text("elementary_float64.h", opencl_elementary_float64_source()) + "#endif\n"
    + text("elementwise.cl", opencl_elementwise_source())
  static let assembly = text("assembly.cl", opencl_assembly_source())
  static let convolutionGather = text("convolution_gather.cl", opencl_convolution_gather_source())
  static let convolutionPanels = text("convolution_panels.cl", opencl_convolution_panels_source())
  static let convolutionFew = text("convolution_few.cl", opencl_convolution_few_source())
  static let convolutionDepthwise = text(
    "convolution_depthwise.cl", opencl_convolution_depthwise_source())
  static let convolutionGPU = text("convolution_gpu.cl", opencl_convolution_gpu_source())
  static let convolutionDirect = text("convolution_direct.cl", opencl_convolution_direct_source())
  static let winogradFilter = text("winograd_filter.cl", opencl_winograd_filter_source())
  static let convolutionCPU = text("convolution_cpu.cl", opencl_convolution_cpu_source())
  static let winograd = text("winograd.cl", opencl_winograd_source())
  static let matmul = text("matmul.cl", opencl_matmul_source())
  static let matmulCPU = text("matmul_cpu.cl", opencl_matmul_cpu_source())
  static let matmulGPU = text("matmul_gpu.cl", opencl_matmul_gpu_source())
  static let patches = text("patches.cl", opencl_patches_source())
  static let pooling = text("pooling.cl", opencl_pooling_source())
  static let normalization = text("normalization.cl", opencl_normalization_source())
  static let recurrence = text("recurrence.cl", opencl_recurrence_source())
  static let recurrenceCPU = text("recurrence_cpu.cl", opencl_recurrence_cpu_source())
  static let recurrenceGPU = text("recurrence_gpu.cl", opencl_recurrence_gpu_source())
  static let reduction = text("reduction.cl", opencl_reduction_source())
  static let reductionCPU = text("reduction_cpu.cl", opencl_reduction_cpu_source())
  static let reductionGPU = text("reduction_gpu.cl", opencl_reduction_gpu_source())
  static let scan = text("scan.cl", opencl_scan_source())
  static let scanRecurrence = text(
    "scan_recurrence.cl", opencl_scan_recurrence_source())
  static let lookup = text("lookup.cl", opencl_lookup_source())
  static let scatter = text("scatter.cl", opencl_scatter_source())
  static let sort = text("sort.cl", opencl_sort_source())
  static let sparse = text("sparse.cl", opencl_sparse_source())
  static let crossEntropy = text("cross_entropy.cl", opencl_cross_entropy_source())
  static let ctc = text("ctc.cl", opencl_ctc_source())
  static let softmaxRows = text("softmax_rows.cl", opencl_softmax_rows_source())
  static let softmax = text("softmax.cl", opencl_softmax_source())

  /// A text of the binary, with its file's name for build logs.
  private static func text(_ file: String, _ source: UnsafePointer<CChar>?) -> String {
    guard let source else { return "" }
    // What keeps a header from being read twice is no use in a main file, and compilers say so.
    let text = String(cString: source).replacing("#pragma once", with: "")
    return "#line 1 \"\(file)\"\n" + text + "\n"
  }
}
