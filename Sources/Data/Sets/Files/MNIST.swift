public import Geometry

/// Zalando's pictures of clothes: 60,000 to train on and 10,000 to test with, 28 × 28, grey, in ten
/// classes.
///
///     let data = try FashionMNIST()
///     let batches = data.train.shuffled(seed: 1).batched(64)
///
/// An input is a float32 `[28, 28, 1]` from 0 to 1, a target the class, an int32.
public struct FashionMNIST: Sendable {
  public let train: Dataset<Example>
  public let test: Dataset<Example>
  public let classNames = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
    "Ankle boot",
  ]

  /// Where Debian's package `dataset-fashion-mnist` puts the files.
  public static let systemFolder = "/usr/share/datasets/fashion-mnist"

  /// Reads the four IDX files in `folder`, compressed or not; of Debian's package
  /// `dataset-fashion-mnist` if nil.
  ///
  /// - Throws: `TensorError`: `io` with what is missing, `corruptFile` for damaged files.
  public init(folder: String? = nil) throws(TensorError) {
    (train, test) = try idxParts(
      folder ?? Self.systemFolder, operation: "FashionMNIST",
      hint: folder == nil
        ? "apt-get install dataset-fashion-mnist, or name the folder: FashionMNIST(folder:)" : nil)
  }
}

/// LeCun's handwritten digits: 60,000 to train on and 10,000 to test with, 28 × 28, grey.
///
/// An input is a float32 `[28, 28, 1]` from 0 to 1, a target the digit, an int32.
public struct MNIST: Sendable {
  public let train: Dataset<Example>
  public let test: Dataset<Example>
  public let classNames = (0..<10).map { "\($0)" }

  /// Reads the four IDX files in `folder`, compressed or not.
  ///
  /// - Throws: `TensorError`: `io` with what is missing, `corruptFile` for damaged files.
  public init(folder: String) throws(TensorError) {
    (train, test) = try idxParts(folder, operation: "MNIST", hint: nil)
  }
}

private func idxParts(
  _ folder: String, operation: String, hint: String?
) throws(TensorError) -> (train: Dataset<Example>, test: Dataset<Example>) {
  func path(_ part: String, _ kind: String, _ rank: Int) throws(TensorError) -> String {
    let names = ["-", "."].flatMap { mark in
      ["", ".gz"].map { "\(part)-\(kind)\(mark)idx\(rank)-ubyte\($0)" }
    }
    return try existingFile(
      names, in: folder, operation: operation,
      hint: hint
        ?? "expected are train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte "
        + "and t10k-labels-idx1-ubyte, each as it is or with .gz")
  }
  func pictures(_ part: String) throws(TensorError) -> Dataset<Example> {
    try LabelledPictures(
      images: try path(part, "images", 3), labels: try path(part, "labels", 1), classCount: 10,
      operation: operation
    ).dataset
  }
  return (try pictures("train"), try pictures("t10k"))
}
