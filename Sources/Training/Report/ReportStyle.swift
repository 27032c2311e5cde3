/// How a report looks: one column on phones, two where there is room, light or dark as the reader
/// has it.
enum ReportStyle {
  static let css =
    ":root{color-scheme:light dark;\(PlotStyle.light)}"
    + "@media(prefers-color-scheme:dark){:root{\(PlotStyle.dark)}}" + page + parts
    + PlotStyle.classes

  private static let page = """
    *{box-sizing:border-box}
    html{-webkit-text-size-adjust:100%}
    body{margin:0;background:var(--page);color:var(--ink);\
    font:16px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}
    main{max-width:1120px;margin:0 auto;padding:56px 32px 72px}
    header{margin-bottom:28px}
    .eyebrow{margin:0 0 6px;font-size:13px;font-weight:600;letter-spacing:.08em;\
    text-transform:uppercase;color:var(--s1)}
    h1{margin:0;font-size:44px;line-height:1.1;font-weight:680;letter-spacing:-.022em;\
    overflow-wrap:anywhere}
    .sub{margin:10px 0 0;color:var(--muted)}
    section{margin-top:52px}
    h2{margin:0 0 4px;font-size:23px;font-weight:650;letter-spacing:-.012em}
    .lead{margin:0 0 18px;color:var(--muted);max-width:70ch}
    h3{margin:0 0 10px;font-size:13.5px;font-weight:600}
    footer{margin-top:64px;padding-top:16px;border-top:1px solid var(--rule);font-size:13.5px;\
    color:var(--muted)}
    @media(max-width:640px){main{padding:32px 16px 48px}h1{font-size:34px}section{margin-top:40px}\
    h2{font-size:21px}.verdict p{font-size:16px}}
    @media print{body{background:#fff}.card,.figures div{break-inside:avoid}}
    """

  private static let parts = """
    .card{background:var(--card);border:1px solid var(--rule);border-radius:12px;padding:20px}
    .verdict{margin-top:0;border-left:4px solid var(--s1)}
    .verdict h2{font-size:18px}
    .verdict p{margin:4px 0 0;font-size:17px;max-width:74ch}
    .warn{margin-top:16px;border-left:4px solid var(--wrong)}
    .warn h2{font-size:18px;color:var(--wrong)}
    .warn ul{margin:6px 0 0;padding-left:20px}
    .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));\
    margin:16px 0 0;background:var(--card);border:1px solid var(--rule);border-radius:12px;\
    overflow:hidden}
    .figures div{padding:16px 20px;box-shadow:1px 0 0 var(--rule),0 1px 0 var(--rule)}
    .figures dt{font-size:13.5px;color:var(--muted)}
    .figures dd{margin:2px 0 0;font-size:25px;font-weight:640;letter-spacing:-.015em;\
    font-variant-numeric:tabular-nums;white-space:nowrap}
    .figures dd small{display:block;font-size:13px;font-weight:400;letter-spacing:0;white-space:normal;\
    color:var(--muted)}
    .grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,420px),1fr));gap:16px;\
    align-items:start}
    .small{grid-template-columns:repeat(auto-fill,minmax(min(100%,300px),1fr))}
    .plot{display:block;width:100%;height:auto;overflow:visible}
    .scroll{overflow-x:auto}
    table{border-collapse:collapse;width:100%;font-size:14.5px;font-variant-numeric:tabular-nums}
    th{font-size:13px;font-weight:500;color:var(--muted);text-align:left;white-space:nowrap}
    th,td{padding:6px 14px 6px 0;border-bottom:1px solid var(--grid);vertical-align:top}
    tr:last-child td,tr:last-child th{border-bottom:0}
    .n{text-align:right;white-space:nowrap}
    td.n:last-child,th.n:last-child{padding-right:0}
    tbody th{font-size:14.5px;font-weight:400;color:var(--ink)}
    .set th{color:var(--muted);width:34%}
    .set td{overflow-wrap:anywhere}
    .bar{display:inline-block;width:64px;height:6px;margin-right:10px;border-radius:3px;\
    background:linear-gradient(90deg,var(--s1) var(--w),var(--grid) var(--w));vertical-align:middle}
    .samples{display:grid;grid-template-columns:repeat(auto-fill,minmax(112px,1fr));gap:12px;\
    margin:0;padding:0;list-style:none}
    .samples li{background:var(--card);border:1px solid var(--rule);border-radius:10px;\
    padding:10px;font-size:13px;line-height:1.35}
    .samples img{display:block;width:100%;image-rendering:pixelated;border-radius:5px;\
    margin-bottom:8px;background:var(--grid)}
    .samples b{font-weight:600;overflow-wrap:anywhere}
    .samples span{display:block;color:var(--muted)}
    .samples .no{border-color:var(--wrong)}.samples .no b{color:var(--wrong)}
    """
}
