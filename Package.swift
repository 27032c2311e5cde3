// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// A floor of the house: it imports only the floors named here.
func floor(_ name: String, on below: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: below, swiftSettings: strict)
}

let package = Package(
  name: "Apus",
  products: [
    .library(name: "Apus", targets: ["Apus"]),
    .executable(name: "apus", targets: ["apus-cli"]),
  ],
  targets: [
    .systemLibrary(name: "COpenBLAS", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "COpenCL", providers: [.apt(["ocl-icd-opencl-dev", "opencl-headers"])]),
    .systemLibrary(name: "CPNG", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CJPEG", providers: [.apt(["libjpeg62-turbo-dev"])]),
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CMapping"),
    .target(name: "CPUKernels", path: "Kernels/cpu"),
    .target(
      name: "OpenCLSources", path: "Kernels/opencl",
      exclude: [
        "assembly.cl", "convolution_cpu.cl", "convolution_depthwise.cl", "convolution_direct.cl",
        "convolution_few.cl", "convolution_gather.cl", "convolution_gpu.cl",
        "convolution_panels.cl", "cross_entropy.cl", "ctc.cl", "elementwise.cl", "lookup.cl",
        "matmul.cl", "matmul_cpu.cl", "matmul_gpu.cl", "normalization.cl", "patches.cl",
        "pooling.cl", "recurrence.cl", "recurrence_cpu.cl", "recurrence_gpu.cl", "reduction.cl",
        "reduction_cpu.cl", "reduction_gpu.cl", "scan.cl", "scan_recurrence.cl", "scatter.cl",
        "softmax.cl", "softmax_rows.cl", "sort.cl", "sparse.cl", "winograd.cl",
        "winograd_filter.cl",
      ]),

    floor("Geometry", on: []),
    floor("Backends", on: ["Geometry", "CPUKernels"]),
    floor("CPUBackend", on: ["Geometry", "Backends", "CPUKernels", "COpenBLAS"]),
    floor("OpenCLBackend", on: ["Geometry", "Backends", "OpenCLSources", "COpenCL"]),
    floor("Tensors", on: ["Geometry", "Backends", "CPUBackend", "OpenCLBackend"]),
    floor("Optimizers", on: ["Geometry", "Tensors"]),
    floor("Layers", on: ["Geometry", "Tensors"]),
    floor("Models", on: ["Geometry", "Tensors", "Layers"]),
    floor("Formats", on: ["Geometry", "CPNG", "CJPEG", "CZlib", "CMapping"]),
    floor("Data", on: ["Geometry", "Tensors", "Formats"]),
    floor(
      "Training", on: ["Geometry", "Tensors", "Optimizers", "Layers", "Formats", "Data"]),
    floor("Replay", on: ["Geometry", "Tensors", "Optimizers", "Layers", "Formats"]),
    floor(
      "Apus",
      on: [
        "Geometry", "Tensors", "Optimizers", "Layers", "Models", "Formats", "Data", "Training",
      ]),
    .executableTarget(
      name: "apus-cli",
      dependencies: [
        "Geometry", "Backends", "CPUBackend", "OpenCLBackend", "Tensors", "Optimizers", "Layers",
        "Models", "Formats", "Data", "Training", "Replay",
      ],
      swiftSettings: strict),

    .executableTarget(
      name: "FashionMNIST", dependencies: ["Apus"], path: "Examples/FashionMNIST",
      swiftSettings: strict),
    .executableTarget(
      name: "XOR", dependencies: ["Apus"], path: "Examples/XOR", swiftSettings: strict),
    .executableTarget(
      name: "CustomLayer", dependencies: ["Apus"], path: "Examples/CustomLayer",
      swiftSettings: strict),
    .executableTarget(
      name: "GAN", dependencies: ["Apus"], path: "Examples/GAN", swiftSettings: strict),
    .executableTarget(
      name: "TransferLearning", dependencies: ["Apus"], path: "Examples/TransferLearning",
      swiftSettings: strict),
    .executableTarget(
      name: "PredictPicture", dependencies: ["Apus"], path: "Examples/PredictPicture",
      swiftSettings: strict),
    .executableTarget(
      name: "kernel-gate", dependencies: ["Apus", "Geometry", "Tensors"], path: "Tests/KernelGate",
      swiftSettings: strict),
    .executableTarget(
      name: "interop-check", dependencies: ["Formats", "Geometry"], path: "Tests/Interop",
      exclude: ["interop.py"], swiftSettings: strict),
    .target(
      name: "Catalogue", dependencies: ["Geometry", "Tensors"], path: "Tests/Catalogue",
      swiftSettings: strict),
    .target(
      name: "TestSupport", dependencies: ["Tensors"], path: "Tests/Support",
      swiftSettings: strict),
    .executableTarget(
      name: "kernel-bench", dependencies: ["Backends", "Catalogue", "Geometry", "Tensors"],
      path: "Benchmarks/KernelBench", swiftSettings: strict),
    .executableTarget(
      name: "trainer-bench", dependencies: ["Apus", "Geometry", "TestSupport"],
      path: "Benchmarks/TrainerBench",
      swiftSettings: strict),
    .executableTarget(
      name: "host-bench", dependencies: ["Apus", "Geometry"], path: "Benchmarks/HostBench",
      swiftSettings: strict),
    .testTarget(
      name: "TensorsTests",
      dependencies: [
        "Geometry", "Backends", "CPUBackend", "OpenCLBackend", "Tensors", "Catalogue",
        "TestSupport",
      ], swiftSettings: strict),
    .testTarget(
      name: "GraphTests", dependencies: ["Geometry", "Tensors", "Optimizers"],
      swiftSettings: strict),
    .testTarget(
      name: "OptimizersTests", dependencies: ["Geometry", "Optimizers", "Tensors"],
      swiftSettings: strict),
    .testTarget(
      name: "LayersTests",
      dependencies: ["Geometry", "Layers", "Optimizers", "Tensors", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "ModelsTests", dependencies: ["Geometry", "Layers", "Models", "Tensors"],
      swiftSettings: strict),
    .testTarget(
      name: "DataTests", dependencies: ["Geometry", "Tensors", "Formats", "Data", "TestSupport"],
      swiftSettings: strict),
    .target(
      name: "KillTrainings",
      dependencies: ["Geometry", "Tensors", "Optimizers", "Layers", "Data", "Training"],
      path: "Tests/KillTrainings", swiftSettings: strict),
    .executableTarget(
      name: "kill-run", dependencies: ["Geometry", "Tensors", "Training", "KillTrainings"],
      path: "Tests/KillRun", swiftSettings: strict),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "Geometry", "CPUBackend", "Tensors", "Optimizers", "Layers", "Formats", "Data", "Training",
        "KillTrainings", "TestSupport",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "CourseTests", dependencies: ["Apus", "Formats", "Geometry", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "FormatsTests", dependencies: ["Geometry", "Formats", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "CommandTests", dependencies: ["Geometry", "Formats", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "ReplayTests",
      dependencies: ["Geometry", "Tensors", "Formats", "Replay", "TestSupport"],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c2x
)
