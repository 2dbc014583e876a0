"""The style sheet of a report: sober on screen, paper and a phone. No fonts, no pictures, nothing loaded."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root { --ink: #1c1b1a; --soft: #665f54; --line: #d9cfba; --bronze: #6d5320; --pale: #f8f5ee;
  --good: #1f6149; --bad: #a01f14; --open: #7a5600; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: #efeae0; color: var(--ink); line-height: 1.55;
  font: 16px/1.55 "Noto Serif CJK SC", "Source Han Serif SC", "Songti SC", SimSun, Georgia, serif; }
main { max-width: 60rem; margin: 1.5rem auto; padding: 2.5rem 3rem; background: #fff;
  border: 1px solid var(--line); border-top: 4px solid var(--bronze); }
h1 { margin: 0 0 1rem; font-size: 1.9rem; letter-spacing: .04em; }
h1 [lang=en] { display: block; font-size: 1rem; letter-spacing: .02em; font-weight: normal;
  color: var(--soft); }
h2 { margin: 2.6rem 0 .8rem; padding-bottom: .35rem; border-bottom: 2px solid var(--bronze);
  font-size: 1.25rem; }
h2 [lang=en] { display: block; font-size: .85rem; font-weight: normal; color: var(--soft); }
h3 { margin: 0 0 .4rem; font-size: 1rem; font-weight: 600; }
.mark { color: var(--bronze); margin-right: .3em; }
p { margin: .6rem 0; }
[lang=en] { color: var(--soft); font-size: .84em; }
.verdict { padding: .9rem 1.1rem; border-left: 6px solid; font-size: 1.15rem; font-weight: bold; }
.verdict [lang=en] { display: block; color: inherit; font-weight: normal; }
.verdict.consistent { color: var(--good); background: #eaf3ef; }
.verdict.inconsistent { color: var(--bad); background: #faecea; }
.verdict.undetermined { color: var(--open); background: #fbf4e2; }
.origin, .lead { color: var(--ink); font-size: .95rem; }
.origin [lang=en], .lead [lang=en], .notice [lang=en], .step [lang=en] { display: block; }
.notice { padding: .7rem 1rem; border: 1px solid var(--line); border-left: 4px solid var(--bronze);
  background: var(--pale); font-weight: bold; }
.notice [lang=en] { font-weight: normal; }
.answer { font-size: 1.1rem; }
.said { margin: 0 0 .4rem; }
dl { display: grid; grid-template-columns: 11rem 1fr; margin: 1rem 0; border-top: 1px solid var(--line); }
dt, dd { margin: 0; padding: .45rem .2rem; border-bottom: 1px solid var(--line); }
dt { color: var(--bronze); }
dt [lang=en] { display: block; font-size: .75rem; }
.line { display: block; overflow-wrap: anywhere; }
.strong { font-weight: bold; }
.soft { color: var(--soft); font-size: .9em; }
.mono { font: .76rem/1.5 "DejaVu Sans Mono", Menlo, Consolas, monospace; word-break: break-all;
  color: #46423b; }
.good, .good [lang] { color: var(--good); }
.bad, .bad [lang] { color: var(--bad); }
.open, .open [lang] { color: var(--open); }
.good, .bad, .open { font-weight: bold; }
.good::before { content: "\\2713\\00a0"; }
.bad::before { content: "\\2717\\00a0"; }
.open::before { content: "?\\00a0"; }
.good [lang=en], .bad [lang=en], .open [lang=en] { font-weight: normal; }
table { width: 100%; margin: 1rem 0; border-collapse: collapse; font-size: .95rem; }
th { text-align: left; font-weight: normal; color: var(--bronze); border-bottom: 1px solid var(--bronze); }
th [lang=en] { display: block; font-size: .75rem; }
th, td { padding: .5rem .5rem .5rem .2rem; vertical-align: top; }
td { border-bottom: 1px solid var(--line); }
.w7, .w8 { width: 4rem; }
.w14, .w20, .w22, .w26 { width: 9rem; }
.w30, .w32, .w33, .w34, .w36 { width: 15rem; }
article { margin: 1.2rem 0; padding: .9rem 1.1rem; border: 1px solid var(--line); background: var(--pale); }
article dl { margin: .3rem 0 0; }
pre { margin: .4rem 0 1rem; padding: .7rem .9rem; background: #f3f0e9; border-left: 3px solid var(--line);
  white-space: pre-wrap; overflow-wrap: anywhere;
  font: .76rem/1.6 "DejaVu Sans Mono", Menlo, Consolas, monospace; }
@media (max-width: 44rem) {
  main { margin: 0; padding: 1.2rem 1rem; border-width: 4px 0 0; }
  h1 { font-size: 1.5rem; }
  dl { grid-template-columns: 1fr; }
  dt { padding-bottom: 0; border: 0; }
  dt [lang=en] { display: inline; }
  dd { padding-top: .1rem; }
  table, tbody, tr, td { display: block; width: 100%; }
  thead { display: none; }
  tr { padding: .5rem 0; border-bottom: 1px solid var(--line); }
  td { padding: .15rem 0; border: 0; }
  td::before { content: attr(data-label); display: block; font-size: .72rem; color: var(--bronze); }
}
@media print {
  @page { size: A4; margin: 18mm 16mm; }
  body { background: #fff; font-size: 10.5pt; }
  main { margin: 0; padding: 0; max-width: none; border: 0; }
  h2, h3 { break-after: avoid; }
  tr, .step, .notice, dt, dd { break-inside: avoid; }
  thead { display: table-header-group; }
}
"""
