package import Backends
internal import CPUKernels
package import Geometry

extension CPUBackend: PoolingKernels {
  package func maximum(_ pooling: Pooling, findsWinners: Bool) throws(TensorError) -> any Kernel {
    try PoolingKernel("max pool", pooling) { shape, call in
      pooling_maximum(
        &shape, call.address(0), call.address(1), findsWinners ? call.address(2) : nil)
    }
  }

  package func spread(_ pooling: Pooling) throws(TensorError) -> any Kernel {
    try PoolingKernel("max pool spread", pooling) { shape, call in
      pooling_spread(&shape, call.address(0), call.address(1), call.address(2))
    }
  }

  package func pick(_ pooling: Pooling) throws(TensorError) -> any Kernel {
    try PoolingKernel("max pool pick", pooling) { shape, call in
      pooling_pick(&shape, call.address(0), call.address(1), call.address(2))
    }
  }

  package func resampling(_ resampling: Resampling) throws(TensorError) -> any Kernel {
    try ResamplingKernel(resampling)
  }

  package func patches(_ patches: Patches) throws(TensorError) -> any Kernel {
    PatchesKernel("patches", patches) { shape, call in
      patches_copy(
        &shape, Int32(patches.type.byteCount), call.address(0), call.address(1))
    }
  }

  package func fold(_ patches: Patches) throws(TensorError) -> any Kernel {
    PatchesKernel("fold", patches) { shape, call in
      patches_fold(&shape, patches.type == .float64, call.address(0), call.address(1))
    }
  }
}

/// The tables stay with the kernel that reads them.
private final class PoolingKernel: Kernel {
  typealias Body = (inout pooling_shape, Call) -> Void

  let label: String
  private var shape: pooling_shape
  private let body: Body
  private let rows: [pooling_span], columns: [pooling_span]
  private let rowOwners: [pooling_span], columnOwners: [pooling_span]

  init(_ name: String, _ pooling: Pooling, _ body: @escaping Body) throws(TensorError) {
    label = "\(name) \(pooling.label)"
    rows = pooling.rows.table.spans
    columns = pooling.columns.table.spans
    rowOwners = pooling.rows.owners.spans
    columnOwners = pooling.columns.owners.spans
    shape = pooling_shape()
    shape.type = try pooling.type.poolingType
    shape.is_plane = pooling.countsInPlane
    shape.width = Int32(truncatingIfNeeded: pooling.columns.width)
    shape.batch = Int64(pooling.batch)
    shape.channels = Int64(pooling.channels)
    shape.input_rows = Int64(pooling.rows.input)
    shape.input_columns = Int64(pooling.columns.input)
    shape.output_rows = Int64(pooling.rows.output)
    shape.output_columns = Int64(pooling.columns.output)
    self.body = body
  }

  func run(_ call: Call) throws(TensorError) {
    rows.withUnsafeBufferPointer { rows in
      columns.withUnsafeBufferPointer { columns in
        rowOwners.withUnsafeBufferPointer { rowOwners in
          columnOwners.withUnsafeBufferPointer { columnOwners in
            shape.rows = rows.baseAddress
            shape.columns = columns.baseAddress
            shape.row_owners = rowOwners.baseAddress
            shape.column_owners = columnOwners.baseAddress
            body(&shape, call)
          }
        }
      }
    }
  }
}

private final class ResamplingKernel: Kernel {
  let label: String
  private var sum: pooling_sum
  private let rows: [pooling_span], columns: [pooling_span]
  /// Of the type that is summed in.
  private let rowWeights: [UInt8], columnWeights: [UInt8]

  init(_ resampling: Resampling) throws(TensorError) {
    label = "resample \(resampling.label)"
    let tables = resampling.tables
    rows = tables.rows.spans
    columns = tables.columns.spans
    rowWeights = tables.rows.weightBytes(as: resampling.type)
    columnWeights = tables.columns.weightBytes(as: resampling.type)
    sum = pooling_sum()
    sum.type = try resampling.type.poolingType
    sum.batch = Int64(resampling.batch)
    sum.channels = Int64(resampling.channels)
    sum.input_rows = Int64(resampling.input.rows)
    sum.input_columns = Int64(resampling.input.columns)
    sum.output_rows = Int64(resampling.output.rows)
    sum.output_columns = Int64(resampling.output.columns)
  }

  func run(_ call: Call) throws(TensorError) {
    rows.withUnsafeBufferPointer { rows in
      columns.withUnsafeBufferPointer { columns in
        rowWeights.withUnsafeBytes { rowWeights in
          columnWeights.withUnsafeBytes { columnWeights in
            sum.rows = rows.baseAddress
            sum.columns = columns.baseAddress
            sum.row_weights = rowWeights.baseAddress
            sum.column_weights = columnWeights.baseAddress
            pooling_sum_run(&sum, call.address(0), call.address(1))
          }
        }
      }
    }
  }
}

private final class PatchesKernel: Kernel {
  typealias Body = (inout patches_shape, Call) -> Void

  let label: String
  private var shape: patches_shape
  private let body: Body

  init(_ name: String, _ patches: Patches, _ body: @escaping Body) {
    label = "\(name) \(patches.label)"
    shape = patches_shape(
      batch: Int64(patches.batch), channels: Int64(patches.channels),
      rows: patches_window(patches.rows), columns: patches_window(patches.columns))
    self.body = body
  }

  func run(_ call: Call) throws(TensorError) { body(&shape, call) }
}

extension patches_window {
  fileprivate init(_ window: Window) {
    self.init(
      input: Int64(window.input), output: Int64(window.output), taps: Int64(window.taps),
      stride: Int64(window.stride), dilation: Int64(window.dilation),
      before: Int64(window.before))
  }
}

extension SpanTable {
  fileprivate var spans: [pooling_span] {
    entries.map {
      pooling_span(first: $0.first, count: $0.count, start: $0.start, divisor: $0.divisor)
    }
  }

  fileprivate func weightBytes(as type: ScalarType) -> [UInt8] {
    type == .float64
      ? weights.withUnsafeBytes { Array($0) }
      : weights.map { Float($0) }.withUnsafeBytes { Array($0) }
  }
}

extension ScalarType {
  fileprivate var poolingType: pooling_type {
    get throws(TensorError) {
      switch self {
      case .float32: pooling_float32
      case .float64: pooling_float64
      case .int32: pooling_int32
      case .int64: pooling_int64
      case .float16, .bfloat16, .uint8, .bool:
        throw TensorError(.dtype, "pooling", "has no kernel for \(self)")
      }
    }
  }
}
