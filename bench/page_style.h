// Bench, private to the page: how it looks and what its headings and boxes do. Knows no row.
#pragma once

namespace sepconv::bench {

inline constexpr const char* kPageStyle = R"(
:root { --ink: #1c2126; --soft: #5b6570; --line: #d9dee3; --paper: #fff; --band: #f5f7f9;
  --ours: #1769c2; --ours2: #74b0ea; --ours3: #7a8794; --onednn: #d07a00; --xnnpack: #1f8a4c; --onnxruntime: #9a3fb0;
  --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8ea; --soft: #a0a9b2; --line: #3a424a;
  --paper: #15181b; --band: #1d2226; --ours: #5ba4f0; --ours2: #2f6aa8; --ours3: #87939e; --onednn: #f0a440;
  --xnnpack: #55c083; --onnxruntime: #cf83e0; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  margin: 0 auto; max-width: 1180px; padding: 1.2rem 1rem 3rem; }
h1 { font-size: 1.6rem; margin: 0 0 .6rem; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .5rem; }
p { margin: .4rem 0; max-width: 46rem; } .note { color: var(--soft); }
code { font: 13px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .6rem 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .6rem; text-align: right; border-bottom: 1px solid var(--line);
  white-space: nowrap; vertical-align: top; }
th { cursor: pointer; color: var(--soft); font-weight: 600; position: relative; }
th:hover, th:focus { color: var(--ink); }
th[aria-sort=ascending]::after { content: " \25B2"; } th[aria-sort=descending]::after { content: " \25BC"; }
.word { text-align: left; } td.long { white-space: normal; min-width: 16rem; overflow-wrap: anywhere; }
tbody tr:nth-child(even) { background: var(--band); } .bad td { color: var(--bad); }
.keys { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; margin: .4rem 0; }
.keys i { display: inline-block; width: .8em; height: .8em; border-radius: 50%; margin: 0 .3em; }
svg { display: block; width: 100%; min-width: 860px; height: auto; }
svg text { font-size: 12px; fill: var(--ink); paint-order: stroke; stroke: var(--paper);
  stroke-width: 3px; }
svg text.tick { fill: var(--soft); }
.grid { stroke: var(--line); stroke-width: 1; } .ceiling { stroke: var(--soft); stroke-width: 1.5; }
circle { fill-opacity: .75; } circle:hover { fill-opacity: 1; stroke: var(--ink); stroke-width: 2; }
.ours { fill: var(--ours); background: var(--ours); }
.ours2 { fill: var(--ours2); background: var(--ours2); }
.ours3 { fill: var(--ours3); background: var(--ours3); }
.onednn { fill: var(--onednn); background: var(--onednn); }
.xnnpack { fill: var(--xnnpack); background: var(--xnnpack); }
.onnxruntime { fill: var(--onnxruntime); background: var(--onnxruntime); }
.layer { display: grid; grid-template-columns: 19rem 1fr; gap: 0 1rem; padding: .35rem 0;
  border-bottom: 1px solid var(--line); break-inside: avoid; }
.layer b { font-weight: 600; overflow-wrap: anywhere; } .layer small { color: var(--soft); display: block; }
.bars { position: relative; } .bars > div { display: flex; align-items: center; gap: .5rem; font-size: 13px;
  line-height: 1.35; white-space: nowrap; }
.track { position: relative; flex: 1; height: .7rem; } .bar { position: absolute; inset: 0 auto 0 0; }
.bound { position: absolute; top: -.2rem; bottom: -.2rem; width: 2px; background: var(--ink); }
.value { width: 13rem; }
@media (max-width: 700px) { .layer { grid-template-columns: 1fr; } .value { width: 10.5rem; font-size: 12px; }
  dl { grid-template-columns: 1fr; } dd { margin-bottom: .3rem; } }
)";

inline constexpr const char* kPageScript = R"(
"use strict";
const value = (row, column, words) => {
  const text = row.cells[column].textContent;
  if (words) return text;
  const number = parseFloat(text);
  return isNaN(number) ? -Infinity : number;
};
const sort = heading => {
  const table = heading.closest("table"), column = heading.cellIndex;
  const words = heading.classList.contains("word");
  const up = heading.ariaSort !== "ascending";
  for (const other of heading.parentNode.cells) other.ariaSort = "none";
  heading.ariaSort = up ? "ascending" : "descending";
  const rows = [...table.tBodies[0].rows].map(row => [value(row, column, words), row]);
  rows.sort(([a], [b]) => (up ? 1 : -1) * (words ? a.localeCompare(b, "en", {numeric: true}) : a < b ? -1 : a > b ? 1 : 0));
  table.tBodies[0].append(...rows.map(([, row]) => row));
};
for (const heading of document.querySelectorAll("th")) {
  heading.tabIndex = 0;
  heading.addEventListener("click", () => sort(heading));
  heading.addEventListener("keydown", event => { if (event.key === "Enter") sort(heading); });
}
for (const box of document.querySelectorAll(".keys input")) box.addEventListener("change", () => {
  for (const point of document.querySelectorAll("circle." + box.value)) point.style.display = box.checked ? "" : "none";
});
)";

}  // namespace sepconv::bench
