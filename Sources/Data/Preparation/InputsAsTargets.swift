internal import Geometry

/// Makes the inputs the targets too: what an autoencoder is trained on.
public struct InputsAsTargets: Preparation {
  public init() {}

  public func prepare(_ block: inout ExampleBlock, _ rows: RowNumbers) throws {
    block.targets = block.inputs
  }
}
