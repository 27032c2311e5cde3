internal import Data
internal import Geometry
internal import Layers
internal import Tensors

/// Which samples of the validation data a report shows: the first that are right and the first that
/// are wrong, as many of each as there are.
struct SampleChoice {
  private let context: TrainingContext
  private let count: Int
  /// How many samples are looked through.
  private static let searched = 512

  init(_ context: TrainingContext, count: Int) {
    self.context = context
    self.count = count
  }

  /// The samples; none if the model is no classifier.
  func records() throws(TensorError) -> [SampleRecord] {
    guard count > 0, context.trainer.forward != nil else { return [] }
    let iterator = try (context.validation ?? context.data).makeIterator()
    defer { iterator.cancel() }
    var right: [(Int, SampleRecord)] = []
    var wrong: [(Int, SampleRecord)] = []
    var seen = 0
    while seen < Self.searched, wrong.count < count / 2 || right.count < count,
      let batch = try iterator.next()
    {
      guard let found = try records(of: batch) else { return [] }
      for record in found {
        if record.isRight { right.append((seen, record)) } else { wrong.append((seen, record)) }
        seen += 1
      }
    }
    let shownWrong = wrong.prefix(max(count / 2, count - right.count))
    let shown = shownWrong + right.prefix(count - shownWrong.count)
    return shown.sorted { $0.0 < $1.0 }.map(\.1)
  }

  /// One record a sample; nil if the batch is not of classes.
  private func records(of batch: Batch) throws(TensorError) -> [SampleRecord]? {
    guard let input = batch.inputs.first, let target = batch.targets.first else { return nil }
    let scores = try context.trainer.predict(batch.inputs).moved(to: .cpu)
    guard scores.rank == 2, (2...1000).contains(scores.shape.last) else { return nil }
    let classes = scores.shape.last
    let labels: [Int32]
    if target.rank == 1, !target.scalarType.isFloatingPoint {
      labels = try target.moved(to: .cpu).scalars(as: Int32.self)
    } else if target.shape == scores.shape {
      labels = try target.moved(to: .cpu).argmax(axis: -1).scalars(as: Int32.self)
    } else {
      return nil
    }
    let probabilities = try Self.probabilities(scores).scalars()
    let pictures = try? Thumbnail.all(of: input.moved(to: .cpu))
    let rows = pictures == nil ? try input.moved(to: .cpu).scalars() : []
    let width = rows.count / max(1, labels.count)
    return labels.indices.map { index in
      let row = probabilities[index * classes..<(index + 1) * classes]
      let order = row.indices.sorted { row[$0] > row[$1] }.prefix(3)
      let text = rows[index * width..<(index + 1) * width].prefix(8).map {
        Figures.significant(Double($0))
      }
      return SampleRecord(
        image: pictures?[index].uri, text: pictures == nil ? text.joined(separator: ", ") : nil,
        label: Int(labels[index]),
        guesses: order.map { ($0 - row.startIndex, Double(row[$0])) })
    }
  }

  /// The scores themselves if they are probabilities, else what softmax makes of them.
  private static func probabilities(_ scores: Tensor) throws(TensorError) -> Tensor {
    let sums = try abs(scores.sum(axes: [-1]) - 1).max().scalar()
    let least = try scores.min().scalar()
    return sums < 1e-3 && least >= 0 ? scores : try softmax(scores)
  }
}
