/// Every public operation with what the tests and benchmarks know of it.
public enum Catalogue {
  public static let operations: [OperationRecord] =
    ElementwiseCases.records + ActivationCases.records + ComparisonCases.records
    + ReductionCases.records + ReductionTogetherCases.records + ScanCases.records
    + MatmulCases.records + MovementCases.records
    + AssemblyCases.records + CreationCases.records + RandomCases.records
    + ConvolutionCases.records
    + PoolingCases.records + UnpoolCases.records + ResizingCases.records
    + NormalizationCases.records + RowNormalizationCases.records + ResponseCases.records
    + DropoutCases.records
    + RecurrenceCases.records
    + LookupCases.records + ScatterCases.records + SortingCases.records + SparseCases.records
    + LinearAlgebraCases.records
    + SoftmaxCases.records + AttentionCases.records + LossCases.records
}

extension OperationRecord {
  /// The record with all its samples changed by `body`.
  func with(_ body: (inout Sample) -> Void) -> OperationRecord {
    OperationRecord(
      name, family: family, functions: functions, samples: samples.map { $0.with(body) },
      badCalls: badCalls, benchmarks: benchmarks, errorName: errorName, cannotFail: cannotFail)
  }
}
