/// Every public operation with what the tests and benchmarks know of it.
public enum Catalogue {
  public static let operations: [OperationRecord] =
    ElementwiseCases.records + ActivationCases.records + ComparisonCases.records
    + ReductionCases.records + ScanCases.records + MatmulCases.records + MovementCases.records
    + AssemblyCases.records + CreationCases.records + RandomCases.records
}
