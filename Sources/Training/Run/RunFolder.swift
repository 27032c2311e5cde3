/// A folder that holds what a training leaves behind, for people and for programs.
///
///     runs/lenet/
///       run.json                             what was trained, on what, with what
///       metrics.jsonl                        what was measured: one JSON object a line
///       checkpoints/step-000000938.safetensors   the newest ones
///       checkpoints/best.safetensors         the one of the best epoch
///       report.html                          written by `Report`
///
/// `Checkpoint("runs/lenet")` and `Report("runs/lenet")` each have it written;
/// `RunLog("runs/lenet")` writes nothing but the first two. Readers ignore fields that they do not
/// know; numbers that are not finite are `null`, and fields without a value are left out.
///
/// **run.json**, one object, written when a training begins and again when it ends:
///
/// | field | |
/// |---|---|
/// | `version` | 1, of this format |
/// | `apus` | the version of the package |
/// | `started`, `ended` | seconds since 1970, UTC; `ended` once it has |
/// | `outcome` | `running`, `finished`, `stopped`, `cancelled`, `failed` |
/// | `reason` | why it was stopped, or the error |
/// | `resumed_at` | the step that it was last resumed at |
/// | `device` | `cpu`, `opencl:0` |
/// | `device_name`, `driver`, `platform` | what the device says of itself |
/// | `host` | object: `system`, `machine`, `processor`, `threads` |
/// | `seed` | what layers draw from, a string of digits |
/// | `model` | object: `name`, `parameters`, `trainable`, and `layers`: `{path, layer, parameters}` |
/// | `loss` | its name; absent for a step of one's own |
/// | `optimizers` | object by name: `{kind, learning_rate}` |
/// | `metrics` | array of names |
/// | `epochs`, `steps_per_epoch` | how many there are to be |
/// | `accumulation`, `batch` | batches a step; samples of the first batch |
/// | `input`, `target` | shapes of the first batch, the samples' axis left out |
/// | `train_samples` | samples of the first epoch, once it ended |
/// | `class_names` | array, if the trainer has them |
/// | `notes` | object of strings: `Trainer.notes` |
/// | `warnings` | array of sentences |
///
/// **metrics.jsonl**: every object has `kind`, `step` (steps since the training began) and `epoch`
/// (counted from 1).
///
/// `"kind": "step"`, one for every so many steps (`RunLog.interval`, 50):
///
/// | field | |
/// |---|---|
/// | `loss` and what a step of one's own returns | means over the steps since the line before |
/// | `learning_rate` | of the optimizer; with several `learning_rate.NAME` |
///
/// `"kind": "epoch"`, one an epoch:
///
/// | field | |
/// |---|---|
/// | `values` | object: `loss`, metrics, `val_…`, `learning_rate`: what `History` has |
/// | `seconds`, `validation_seconds` | how long it took |
/// | `samples`, `samples_per_second` | |
/// | `waiting` | the share of `seconds` spent waiting for data, 0 to 1 |
/// | `memory` | object, bytes on the device: `in_use`, `peak`, `cached` |
/// | `resident` | bytes of the process that are in memory |
/// | `gradient_norms` | object by path of a parameter: the norm of its gradient in one step of the epoch |
/// | `gradient_step` | which step that was |
/// | `weights` | object by path: `{low, high, counts, mean, deviation, not_finite}`: 32 intervals of equal width from `low` to `high` |
/// | `dead_units` | object by path of a layer: `{dead, units}` that gave zero for every sample of a batch |
/// | `confusion` | object: `{phase: "train" or "validation", matrix}`: a row a label, columns are predictions |
/// | `warnings` | array of sentences, those that are new |
///
/// `"kind": "end"`, the last line: `outcome`, `reason`, `seconds` in all.
public struct RunFolder: Sendable, Hashable {
  public let path: String

  public init(_ path: String) {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    self.path = path.isEmpty ? "." : path
  }

  public var runFile: String { "\(path)/run.json" }
  public var metricsFile: String { "\(path)/metrics.jsonl" }
  public var checkpointsFolder: String { "\(path)/checkpoints" }
  public var reportFile: String { "\(path)/report.html" }
}
