public import Geometry
internal import Glibc

/// Writes `report.html` anew from the files of the run in `folder`, and returns its path.
///
/// - Throws: `TensorError`: `io` if there is no run in the folder, `corruptFile` if its files are
///   damaged.
@discardableResult public func writeReport(of folder: String) throws(TensorError) -> String {
  let folder = RunFolder(folder)
  try RunRecord(folder).writePage(to: folder)
  return folder.reportFile
}

extension RunRecord {
  /// Writes the page.
  func writePage(to folder: RunFolder) throws(TensorError) {
    let page = ReportPage(record: self, written: Double(time(nil)))
    try replaceFile(at: folder.reportFile, with: Array(page.html.utf8), in: "report")
  }
}
