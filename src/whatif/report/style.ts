/** The look of a report, light and dark. @module */

/** The one style sheet. */
export const style = `
:root{color-scheme:light dark;--bg:#f3f5f7;--card:#fff;--ink:#17212b;--muted:#5c6b7a;--line:#e2e7ec;--track:#eef1f4;
--building:#a9b4bf;--c1:#2a7f9e;--c2:#5bb0a6;--c3:#e0a43a;--c4:#c9694f;--c5:#7a6bc4;--c6:#7f9c3b;--c7:#b0588f;
--limit:#c81e3a;--sunk:#6b4bb0;--good:#15803d;--bad:#c81e3a;--doubt:#b45309;--heat:#1f7a8c;--down:#17212b;--unmanaged:#c9694f;--firstcome:#e0a43a}
@media (prefers-color-scheme:dark){:root{--bg:#0e141a;--card:#161e26;--ink:#e4eaf0;--muted:#93a1af;--line:#26313b;--track:#1e2831;
--building:#5d6b78;--c1:#3b9dc0;--c2:#58b8ac;--c3:#e2ad4b;--c4:#d97c62;--c5:#9386dc;--c6:#9dbb58;--c7:#cf7bb0;
--limit:#ff5c74;--sunk:#b39aff;--good:#4ade80;--bad:#ff6b81;--doubt:#fbbf24;--heat:#4fc3d9;--down:#e4eaf0;--unmanaged:#d97c62;--firstcome:#e2ad4b}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:14px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:1240px;margin:0 auto;padding:28px 20px 60px}
header p{color:var(--muted);max-width:80ch;margin:.3em 0 0}
h1{font-size:26px;line-height:1.2;margin:0;letter-spacing:-.01em}
h2{font-size:17px;margin:0 0 4px;letter-spacing:-.005em}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:18px 20px;margin-top:18px}
section>p{color:var(--muted);margin:.2em 0 .8em;max-width:95ch}
.tiles{display:grid;grid-template-columns:repeat(4,1fr);gap:14px;margin-top:20px}
@media (max-width:900px){.tiles{grid-template-columns:repeat(2,1fr)}}
.tile{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:14px 16px;border-top:3px solid var(--muted)}
.tile.good{border-top-color:var(--good)}.tile.bad{border-top-color:var(--bad)}
.tile b{display:block;font-size:24px;line-height:1.2;font-variant-numeric:tabular-nums}
.tile.good b{color:var(--good)}.tile.bad b{color:var(--bad)}
.tile span{color:var(--muted);font-size:13px;line-height:1.4;display:block;margin-top:4px}
svg{display:block;width:100%;height:auto;overflow:visible}
text{fill:var(--ink);font-size:11px;font-variant-numeric:tabular-nums}
.tick,.small{fill:var(--muted);font-size:10.5px}.name{font-weight:600}.group{font-weight:700;font-size:12px}
text.bad{fill:var(--bad)}
.grid{stroke:var(--line);stroke-width:1}
.area{stroke:none}.building{fill:var(--building);background:var(--building)}
.c1{fill:var(--c1);background:var(--c1)}.c2{fill:var(--c2);background:var(--c2)}.c3{fill:var(--c3);background:var(--c3)}.c4{fill:var(--c4);background:var(--c4)}.c5{fill:var(--c5);background:var(--c5)}.c6{fill:var(--c6);background:var(--c6)}.c7{fill:var(--c7);background:var(--c7)}
.limit{fill:none;stroke:var(--limit);stroke-width:2}
.sunk{stroke:var(--sunk);stroke-width:1.6;stroke-dasharray:5 4}.sunk-text{fill:var(--sunk);paint-order:stroke;stroke:var(--card);stroke-width:3px}
.band{fill:var(--c3)}
.down{fill:var(--down);opacity:.16}
.cross{stroke:var(--ink);stroke-width:1;stroke-dasharray:2 3}
.readout{font-variant-numeric:tabular-nums;min-height:1.5em;margin:.4em 0 0}
.line{fill:none;stroke-width:2;stroke-linejoin:round}
.line-unmanaged{stroke:var(--unmanaged);background:var(--unmanaged)}.line-first-come{stroke:var(--firstcome);background:var(--firstcome)}.line-optimised{stroke:var(--c1);background:var(--c1)}
.line-optimised.line{stroke-width:2.6}
.track{fill:var(--track)}
.heat,.key[class*=" h"]{fill:var(--heat)}
.h1{fill-opacity:.14}.h2{fill-opacity:.22}.h3{fill-opacity:.31}.h4{fill-opacity:.4}.h5{fill-opacity:.5}.h6{fill-opacity:.6}.h7{fill-opacity:.7}.h8{fill-opacity:.8}.h9{fill-opacity:.9}.h10{fill-opacity:1}
.visit rect{fill:transparent;stroke:var(--muted);stroke-width:1}.visit path{fill:var(--good);stroke:var(--good);stroke-width:1}
.visit.short rect{stroke:var(--bad);stroke-width:1.4}.visit.short path{fill:var(--bad);stroke:var(--bad)}
.comms{fill:var(--bad);fill-opacity:.18;stroke:var(--bad);stroke-width:1;stroke-dasharray:3 2}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;color:var(--muted);font-size:12.5px;margin:6px 0 8px}
.key{display:inline-block;width:14px;height:10px;border-radius:2px;margin-right:6px;vertical-align:-1px}
.key.h3,.key.h6,.key.h10{background:var(--heat);margin-right:1px}.key.h3{opacity:.31}.key.h6{opacity:.6}.key.h10{margin-right:6px}
.limit-key{height:3px;background:var(--limit);vertical-align:3px}.sunk-key{height:0;border-top:2px dashed var(--sunk);vertical-align:3px;border-radius:0}
.down-key{background:var(--down);opacity:.16}.visit-key{border:1px solid var(--muted);border-right:3px solid var(--good)}.comms-key{border:1px dashed var(--bad);background:color-mix(in srgb,var(--bad) 18%,transparent)}
.key[class*=line-]{height:4px;vertical-align:3px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13px}
th{font-weight:600;text-align:left;color:var(--muted);font-size:12px;white-space:nowrap}
th,td{padding:5px 10px 5px 0;border-bottom:1px solid var(--line);vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
tr.total td{font-weight:700}
.bill td:nth-child(odd):not(:first-child),.bill th:last-child{padding-right:18px}
.meter{width:160px;vertical-align:middle}.meter svg{height:8px;border-radius:4px;overflow:hidden}
.fill-good{fill:var(--good)}.fill-bad{fill:var(--bad)}
.muted{color:var(--muted);font-weight:400}.good{color:var(--good)}.bad{color:var(--bad)}.doubtful{color:var(--doubt)}
.warning{border-left:3px solid var(--bad);padding:6px 12px;margin:10px 0 0;color:var(--ink)}
details{margin-top:8px}summary{cursor:pointer;color:var(--muted)}
footer{color:var(--muted);font-size:12px;margin-top:18px;overflow-wrap:anywhere}
code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:12px}
@media print{body{background:#fff}section{break-inside:avoid}}
`;
