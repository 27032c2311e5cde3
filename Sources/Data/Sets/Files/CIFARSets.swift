internal import Formats
public import Geometry

/// 50,000 photographs to train on and 10,000 to test with, 32 × 32, RGB, in ten classes.
///
/// An input is a float32 `[32, 32, 3]` from 0 to 1, a target the class, an int32.
public struct CIFAR10: Sendable {
  public let train: Dataset<Example>
  public let test: Dataset<Example>
  public let classNames = [
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
  ]

  /// Reads the files of the binary version: `data_batch_1.bin` to `data_batch_5.bin` and
  /// `test_batch.bin`, in `folder` or in `cifar-10-batches-bin` there.
  ///
  /// - Throws: `TensorError`: `io` with what is missing, `corruptFile` for damaged files.
  public init(folder: String) throws(TensorError) {
    let hint =
      "expected are data_batch_1.bin to data_batch_5.bin and test_batch.bin, the binary version"
    func part(_ names: [String]) throws(TensorError) -> Dataset<Example> {
      var paths: [String] = []
      for name in names {
        paths.append(
          try existingFile(
            [name, "cifar-10-batches-bin/\(name)"], in: folder, operation: "CIFAR10", hint: hint))
      }
      let pictures = try CIFAR(paths: paths, .ten)
      return try LabelledPictures(
        pixels: pictures.pixels, shape: [32, 32, 3], labels: pictures.labels
      ).dataset
    }
    train = try part((1...5).map { "data_batch_\($0).bin" })
    test = try part(["test_batch.bin"])
  }
}

/// 50,000 photographs to train on and 10,000 to test with, 32 × 32, RGB, in 100 classes of 20
/// groups.
///
/// An input is a float32 `[32, 32, 3]` from 0 to 1, a target the class or the group, an int32.
public struct CIFAR100: Sendable {
  /// Which of the two labels is the target.
  public enum Labels: Sendable {
    /// One of 100 classes.
    case fine
    /// One of 20 groups of classes.
    case coarse
  }

  public let train: Dataset<Example>
  public let test: Dataset<Example>
  /// The names of the classes or groups, from the file that comes with the pictures; numbers if it
  /// is missing.
  public let classNames: [String]

  /// Reads `train.bin` and `test.bin` of the binary version, in `folder` or in
  /// `cifar-100-binary` there.
  ///
  /// - Throws: `TensorError`: `io` with what is missing, `corruptFile` for damaged files.
  public init(folder: String, labels: Labels = .fine) throws(TensorError) {
    func path(_ name: String) throws(TensorError) -> String {
      try existingFile(
        [name, "cifar-100-binary/\(name)"], in: folder, operation: "CIFAR100",
        hint: "expected are train.bin and test.bin, the binary version")
    }
    func part(_ name: String) throws(TensorError) -> Dataset<Example> {
      let pictures = try CIFAR(paths: [try path(name)], .hundred)
      return try LabelledPictures(
        pixels: pictures.pixels, shape: [32, 32, 3],
        labels: labels == .fine ? pictures.labels : pictures.coarseLabels
      ).dataset
    }
    train = try part("train.bin")
    test = try part("test.bin")
    let count = labels == .fine ? 100 : 20
    let file = labels == .fine ? "fine_label_names.txt" : "coarse_label_names.txt"
    let names = (try? path(file)).flatMap { try? textLines(path: $0) }?.filter { !$0.isEmpty }
    classNames = names?.count == count ? names ?? [] : (0..<count).map { "\($0)" }
  }
}
