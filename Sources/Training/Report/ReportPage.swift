internal import Formats

/// A report as one page that needs nothing from outside.
struct ReportPage {
  let record: RunRecord
  /// Seconds since 1970.
  let written: Double

  var html: String {
    var body = header + verdict + warnings + figures
    body += learning + mistakes + samples + inside + resources + configuration + model + footer
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8"/>
      <meta name="viewport" content="width=device-width, initial-scale=1"/>
      <title>\(markup(name)) – training report</title>
      <style>\(ReportStyle.css)</style>
      </head>
      <body><main>\(body)</main></body>
      </html>

      """
  }

  private var notes: [String: JSON] { record.run["notes"]?.object ?? [:] }
  private var modelObject: [String: JSON] { record.run["model"]?.object ?? [:] }
  private var name: String {
    notes["name"]?.string ?? notes["model"]?.string ?? modelObject["name"]?.string ?? "model"
  }

  private var header: String {
    var parts: [String] = []
    if let data = notes["data"]?.string { parts.append("on \(data)") }
    if let start = record.run["started"]?.double { parts.append(Figures.date(start)) }
    if let seconds = record.seconds { parts.append(Figures.duration(seconds)) }
    if let device = record.run["device_name"]?.string { parts.append(device) }
    return """
      <header><p class="eyebrow">Training report</p><h1>\(markup(name))</h1>\
      <p class="sub">\(markup(parts.joined(separator: " · ")))</p></header>
      """
  }

  private var verdict: String {
    let verdict = Verdict(
      loss: record.values("loss"), validation: record.values("val_loss"),
      numbers: record.epochs.map(\.number))
    var sentence = verdict.sentence
    switch record.outcome {
    case "stopped": sentence += " Training was stopped: \(record.reason ?? "a callback asked")."
    case "cancelled": sentence += " Training was cancelled before all epochs were done."
    case "failed": sentence += " Training failed: \(record.reason ?? "no reason is known")."
    default: break
    }
    return "<section class=\"card verdict\"><h2>\(markup(verdict.title))</h2>"
      + "<p>\(markup(sentence))</p></section>"
  }

  private var warnings: String {
    let warnings = record.warnings
    guard !warnings.isEmpty else { return "" }
    let items = warnings.map { "<li>\(markup($0))</li>" }.joined()
    return "<section class=\"card warn\"><h2>\(warnings.count == 1 ? "Warning" : "Warnings")</h2>"
      + "<ul>\(items)</ul></section>"
  }

  /// The numbers that one looks for first.
  private var figures: String {
    var found: [(String, String, String)] = []
    let prefix = record.hasValidation ? "val_" : ""
    for name in record.metricNames.prefix(2) {
      let series = record.values(prefix + name)
      guard let best = record.history.best(prefix + name),
        let value = best.values[prefix + name]
      else { continue }
      let label = (record.hasValidation ? "validation " : "") + name
      let isLast = series.count == best.number
      let last = series.last.map { text($0, name) } ?? "–"
      found.append(
        (
          "best \(label)", text(value, name),
          "in epoch \(best.number)" + (isLast ? "" : ", \(last) at the end")
        ))
    }
    if let best = record.best, let value = best.values[record.monitor] {
      found.append(
        (
          record.hasValidation ? "least validation loss" : "least training loss",
          Figures.significant(value), "in epoch \(best.number)"
        ))
    }
    let planned = record.run["epochs"]?.integer
    let isShort = planned.map { $0 > record.epochs.count } ?? false
    found.append(
      (
        "epochs", "\(record.epochs.count)",
        isShort ? "of \(planned ?? 0) planned" : "all as planned"
      ))
    let rates = record.epochs.compactMap { $0.number("samples_per_second") }
    if let rate = rates.sorted().dropFirst(rates.count / 2).first {
      let seconds = record.epochs.compactMap { $0.number("seconds") }
      let mean = seconds.reduce(0, +) / Double(max(seconds.count, 1))
      found.append(
        (
          "samples a second", Figures.grouped(Int(min(max(rate, 0), 1e15))),
          "\(Figures.duration(mean)) an epoch"
        ))
    }
    if let count = modelObject["parameters"]?.integer {
      found.append(("parameters", Figures.grouped(count), trainedText(count)))
    }
    let items = found.map { title, value, note in
      "<div><dt>\(markup(title))</dt><dd>\(markup(value))<small>\(markup(note))</small></dd></div>"
    }
    return "<dl class=\"figures\">\(items.joined())</dl>"
  }

  private func trainedText(_ count: Int) -> String {
    guard let trained = modelObject["trainable"]?.integer, trained != count else {
      return "all trained"
    }
    return "\(Figures.grouped(trained)) trained"
  }

  private func text(_ value: Double, _ name: String) -> String {
    let isShare = ["accuracy", "precision", "recall"].contains { name.contains($0) }
    return isShare && (0...1).contains(value)
      ? Figures.percent(value, 2) : Figures.significant(value)
  }

  private var configuration: String {
    var rows: [(String, String)] = []
    func add(_ title: String, _ value: String?) {
      if let value, !value.isEmpty { rows.append((title, value)) }
    }
    let run = record.run
    add("loss", run["loss"]?.string)
    for (key, value) in (run["optimizers"]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
      let kind = value.object?["kind"]?.string ?? "?"
      let rate = value.object?["learning_rate"]?.double.map {
        ", learning rate \(Figures.significant($0))"
      }
      add(key == "main" ? "optimizer" : "optimizer \(key)", kind + (rate ?? ""))
    }
    add("metrics", (run["metrics"]?.array ?? []).compactMap(\.string).joined(separator: ", "))
    add("epochs", run["epochs"]?.integer.map { "\($0)" })
    add("steps an epoch", run["steps_per_epoch"]?.integer.map(Figures.grouped))
    add("batch", run["batch"]?.integer.map { "\($0)" })
    add(
      "accumulation", run["accumulation"]?.integer.flatMap { $0 > 1 ? "\($0) batches a step" : nil }
    )
    add("training samples", run["train_samples"]?.integer.map(Figures.grouped))
    add("input", run["input"].map(\.description))
    add("target", run["target"].map(\.description))
    add("seed", run["seed"]?.string)
    add("device", run["device"]?.string)
    add("device name", run["device_name"]?.string)
    add("platform", run["platform"]?.string)
    add("driver", run["driver"]?.string)
    for (key, value) in (run["host"]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
      add(key, value.string ?? value.description)
    }
    add("Apus", run["apus"]?.string)
    add("resumed at step", run["resumed_at"]?.integer.map(Figures.grouped))
    // What the page knows better is not said a second time.
    let known = Set(rows.map(\.0) + ["name", "description"])
    rows =
      notes.sorted { $0.key < $1.key }.filter { !known.contains($0.key) }
      .compactMap { note in note.value.string.map { (note.key, $0) } } + rows
    let body = rows.map { "<tr><th scope=\"row\">\(markup($0))</th><td>\(markup($1))</td></tr>" }
    return section(
      "Configuration", "What it takes to do it again.",
      "<div class=\"card\"><table class=\"set\"><tbody>\(body.joined())</tbody></table></div>")
  }

  private var model: String {
    let layers = (modelObject["layers"]?.array ?? []).compactMap(\.object)
    guard !layers.isEmpty else { return "" }
    let body = layers.prefix(300).map { layer in
      "<tr><td>\(markup(layer["path"]?.string ?? ""))</td>"
        + "<td>\(markup(layer["layer"]?.string ?? ""))</td>"
        + "<td class=\"n\">\((layer["parameters"]?.integer).map(Figures.grouped) ?? "")</td></tr>"
    }
    let left = layers.count - body.count
    let more = left > 0 ? "<p class=\"lead\">… and \(left) more</p>" : ""
    return section(
      "Model", "",
      "<div class=\"card scroll\"><table><thead><tr><th>layer</th><th>type</th>"
        + "<th class=\"n\">parameters</th></tr></thead><tbody>\(body.joined())</tbody></table>"
        + "\(more)</div>")
  }

  private var footer: String {
    "<footer>Written by Apus \(markup(record.run["apus"]?.string ?? "")) on "
      + "\(Figures.date(written)).</footer>"
  }

  /// A part of the page with a heading; nothing if it is empty.
  func section(_ title: String, _ lead: String, _ body: String) -> String {
    guard !body.isEmpty else { return "" }
    let lead = lead.isEmpty ? "<p class=\"lead\"></p>" : "<p class=\"lead\">\(markup(lead))</p>"
    return "\n<section><h2>\(markup(title))</h2>\(lead)\(body)</section>"
  }

  func card(_ plot: Plot) -> String { "<div class=\"card\">\(plot.fragment)</div>" }
}
