/// Colours and strokes of pictures. The series are those of Okabe and Ito, lighter on dark pages.
enum PlotStyle {
  static let seriesCount = 7

  static let light = """
    --ink:#1b2330;--muted:#5d6878;--rule:#dfe3e8;--grid:#eceff2;--page:#f7f7f5;--card:#ffffff;\
    --s1:#0069a8;--s2:#c9540a;--s3:#00845f;--s4:#a8487f;--s5:#9a7200;--s6:#3b8fc4;--s7:#5d6878;\
    --on:#ffffff;--wrong:#b3400a
    """

  static let dark = """
    --ink:#e7eaee;--muted:#9aa5b4;--rule:#2f3742;--grid:#262d37;--page:#12161c;--card:#191f27;\
    --s1:#5cb8ef;--s2:#f59a55;--s3:#35c79c;--s4:#e58fc0;--s5:#e3bd47;--s6:#9fd0f5;--s7:#9aa5b4;\
    --on:#0f1319;--wrong:#f59a55
    """

  static let classes =
    ".plot text{font:12px system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,"
    + "sans-serif;fill:var(--muted);font-variant-numeric:tabular-nums}"
    + ".plot .h{font-size:13.5px;font-weight:600;fill:var(--ink)}.plot .k{fill:var(--ink)}"
    + ".plot .s{font-size:10.5px}.plot .w{fill:var(--wrong)}"
    + ".plot .on{fill:var(--on)}"
    + ".plot path{fill:none}.plot .g{stroke:var(--grid)}.plot .a{stroke:var(--rule)}"
    + ".plot .b{stroke:var(--muted);stroke-dasharray:2 3}"
    + ".plot .ridge{fill:var(--s1);fill-opacity:.18}.plot .e{fill:none;stroke:var(--rule)}"
    + ".plot .px{image-rendering:pixelated}.plot .ring{fill:var(--card);stroke-width:2.5}"
    + (1...seriesCount).map {
      ".plot .l\($0){stroke:var(--s\($0));stroke-width:2;stroke-linejoin:round;"
        + "stroke-linecap:round}.plot .f\($0){fill:var(--s\($0))}.plot .r\($0){stroke:var(--s\($0))}"
    }.joined() + ".plot .thin{stroke-width:1}"

  /// What a picture that is a file of its own says.
  static let standalone =
    "svg{\(light);background:var(--card)}"
    + "@media(prefers-color-scheme:dark){svg{\(dark)}}" + classes
}
