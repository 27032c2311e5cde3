internal import Data
internal import Formats
internal import Geometry

/// Samples in files of different kinds.
enum Samples {
  /// Each with its row, counted from 1; nil of a picture.
  static func of(_ path: String, shape: Shape) throws -> [(row: Int?, values: [Float])] {
    let lower = path.lowercased()
    if lower.hasSuffix(".png") || lower.hasSuffix(".jpg") || lower.hasSuffix(".jpeg") {
      return [(nil, try picture(path, shape))]
    }
    return lower.hasSuffix(".csv") ? try table(path, shape) : try lines(path, shape)
  }

  /// The pixels of a picture, resized, from 0 to 1.
  static func picture(_ path: String, _ shape: Shape) throws -> [Float] {
    let extents = Array(shape)
    guard extents.count == 3 else {
      throw TensorError(
        .shape, "predict", "\(path) is a picture, the model takes samples of \(shape)")
    }
    let picture = try Picture(path: path).withEightBits.withChannels(extents[2])
      .resized(width: extents[1], height: extents[0])
    return picture.bytes.map { Float($0) / 255 }
  }

  private static func table(_ path: String, _ shape: Shape) throws -> [(row: Int?, values: [Float])]
  {
    let table = try CSVTable(path: path)
    let count = shape.count
    guard table.names.count == count || table.names.count == count + 1 else {
      throw TensorError(
        .shape, "predict",
        "\(path) has \(table.names.count) columns, a sample of \(shape) has \(count) numbers")
    }
    let numbers = try table.matrix(Array(table.names.prefix(count)))
    return try (0..<table.rowCount).map { row in
      try sample(numbers[row * count..<(row + 1) * count], path, row: row + 1)
    }
  }

  private static func lines(_ path: String, _ shape: Shape) throws -> [(row: Int?, values: [Float])]
  {
    var samples: [(row: Int?, values: [Float])] = []
    for (number, line) in try textLines(path: path).enumerated() where !line.trimmed.isEmpty {
      let words = line.split { $0 == " " || $0 == "," || $0 == "\t" || $0 == ";" }
      let values = words.compactMap { Float($0) }
      guard values.count == words.count, values.count == shape.count else {
        throw TensorError(
          .corruptFile, "predict",
          "\(path): line \(number + 1): \(values.count) numbers in \(words.count) words, a sample of "
            + "\(shape) has \(shape.count) numbers")
      }
      samples.append(try sample(values[...], path, row: number + 1))
    }
    return samples
  }

  private static func sample(
    _ values: ArraySlice<Float>, _ path: String, row: Int
  ) throws -> (row: Int?, values: [Float]) {
    guard let place = values.firstIndex(where: { !$0.isFinite }) else {
      return (row, Array(values))
    }
    throw TensorError(
      .corruptFile, "predict",
      "\(path): row \(row): the number in place \(place - values.startIndex + 1) is "
        + (values[place].isNaN ? "missing or not one" : "not finite"))
  }
}
