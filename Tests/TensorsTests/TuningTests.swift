import Backends
import Geometry
import OpenCLBackend
import Testing

/// A device takes the cut that its table names. That all give the same bits `apus kernels tune`
/// looks at itself, and so do the tests of the command.
@Suite struct TuningTests {
  @Test(arguments: [OpenCLBackend.Flavour.cpu, .gpu])
  func aDeviceTakesTheCutOfTheNearestSize(_ flavour: OpenCLBackend.Flavour) throws {
    func cut(_ rows: Int, _ columns: Int, _ table: TuningTable) throws -> String {
      try OpenCLBackend(index: 0, flavour: flavour, tuning: table)
        .cutName(for: TuningSize(.matmul, rows: rows, columns: columns, inner: 500))
    }
    let usual = try cut(500, 500, TuningTable())
    let cuts = try Tuner(index: 0, flavour: flavour).cuts
    let other = try #require(cuts.last { !$0.name.hasPrefix(usual.prefix(4)) })
    let name = other.name.split(separator: "/").first.map(String.init) ?? ""
    var table = TuningTable()
    table.add(entry(512, other))
    #expect(try cut(500, 500, table).hasPrefix(name))
    #expect(try cut(1000, 900, table).hasPrefix(name))
    // Too far away to say anything.
    let far = try cut(1500, 500, TuningTable())
    #expect(try cut(1500, 500, table) == far)
    // Nearer to a size for which the usual cut is best.
    table.add(entry(1024, nil))
    let near = try cut(1000, 900, TuningTable())
    #expect(try cut(1000, 900, table) == near)
  }

  private func entry(_ side: Int, _ choice: TileChoice?) -> TuningTable.Entry {
    TuningTable.Entry(
      TuningSize(.matmul, rows: side, columns: side, inner: side), choice, milliseconds: 1,
      usualMilliseconds: 2)
  }
}
