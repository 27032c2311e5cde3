internal import Data
internal import Geometry
internal import Glibc
internal import Tensors

/// Data as the command knows them: a set by name, a folder, or a file.
struct DataSource {
  let name: String
  let train: Dataset<Example>
  let test: Dataset<Example>
  /// What the numbers of classes mean; none where there are no classes.
  let classNames: [String]
  /// How many numbers a model is to give in the end: classes, characters, channels of a picture.
  let outputs: Int
  /// What one sample is like.
  let input: Shape
  let inputType: ScalarType
  /// What is to be said of the data before they are used.
  var remark: String?

  init(
    _ name: String, _ train: Dataset<Example>, _ test: Dataset<Example>, classNames: [String],
    outputs: Int? = nil
  ) throws {
    self.name = name
    self.train = train
    self.test = test
    self.classNames = classNames
    self.outputs = outputs ?? classNames.count
    guard let first = try train.makeIterator().next()?.inputs.first else {
      throw TensorError(.argument, "data", "\(name) has no sample to train on")
    }
    input = first.shape
    inputType = first.scalarType
  }

  /// - Parameters:
  ///   - name: of a set, or a path; the first set of the task if nil.
  ///   - task: what the data are to be learned for.
  init(named name: String?, for task: any LearningTask, _ request: DataRequest) throws {
    let name = name ?? task.sets.first?.name ?? ""
    var status = stat()
    if let set = task.sets.first(where: { $0.name == name }) {
      self = try set.make(name, request)
    } else if stat(name, &status) == 0 {
      self = try task.data(at: name, isFolder: status.st_mode & S_IFMT == S_IFDIR, request)
    } else if let other = learningTasks.first(where: { $0.sets.contains { $0.name == name } }) {
      throw UsageError(
        "--data: \(name) is for \(other.name), the model learns \(task.name); that takes "
          + "\(task.sets.map(\.name).joined(separator: ", ")), or \(task.paths)")
    } else if name.contains("/") || name.contains(".") {
      throw TensorError(
        .io, "data", "\(name): \(String(cString: strerror(ENOENT)))", code: ENOENT)
    } else {
      let names = task.sets.map(\.name)
      let near = suggestion(for: name, among: names)
      throw UsageError(
        "--data: no set is called \"\(name)\""
          + (near.isEmpty ? "; there are \(names.joined(separator: ", ")), or a path" : near))
    }
  }

  /// Four fifths to train on and one fifth to test with, in an order of its own.
  static func parted(
    _ data: Dataset<Example>, _ count: Int, _ seed: UInt64
  ) -> (train: Dataset<Example>, test: Dataset<Example>) {
    let mixed = data.shuffled(seed: seed, anew: false)
    let testCount = max(1, count / 5)
    return (mixed.skip(testCount), mixed.take(testCount))
  }
}

/// What `--data` takes, for the help.
var dataHelp: String {
  let lines = learningTasks.map { task in
    "  \(task.name.padded(to: 15)) \(task.sets.map(\.name).joined(separator: ", ")); \(task.paths)"
  }
  return "--data, the first if not given, of\n" + lines.joined(separator: "\n")
}
