/** The one style of the pages. Colours have a contrast of 4.5 and more on their grounds, in light and dark. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #fafaf8; --card: #fff; --sunk: #f3f3f0; --line: #e2e2dd; --text: #1d1f22; --muted: #5e636b;
  --good: #14713d; --good-soft: #e3f3e9; --bad: #b3261e; --bad-soft: #fcebe9; --warn: #865300; --warn-soft: #fdf2dc;
  --link: #1a56b0; --mask: #6d3fb0; --mask-soft: #f1eafb; --tone: var(--muted); --tone-soft: var(--sunk);
  --mono: ui-monospace, SFMono-Regular, 'SF Mono', Menlo, Consolas, 'Liberation Mono', monospace;
  --sans: system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', Arial, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root:not(.x) {
    --ground: #131518; --card: #1a1d21; --sunk: #202429; --line: #30353c; --text: #e6e8ea; --muted: #a1a8b1;
    --good: #5fcf8d; --good-soft: #16291f; --bad: #ff8a80; --bad-soft: #331b1b; --warn: #e8b75e; --warn-soft: #2e2513;
    --link: #86b4ff; --mask: #c9a7ff; --mask-soft: #2a2138;
  }
}
.tone-good { --tone: var(--good); --tone-soft: var(--good-soft); }
.tone-bad { --tone: var(--bad); --tone-soft: var(--bad-soft); }

* { box-sizing: border-box; }
html { background: linear-gradient(var(--tone-soft), var(--ground) 22rem) no-repeat var(--ground); color: var(--text); font: 1rem/1.55 var(--sans); border-top: 5px solid var(--tone);
  -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-top: 1rem; }
body { margin: 0; overflow-wrap: anywhere; }
main { max-width: 70rem; margin: 0 auto; padding: clamp(1.25rem, 4vw, 3.5rem) clamp(1rem, 4vw, 2.5rem) 4rem; }
h1, h2, h3, h4, p, ul, ol, dl, dd, pre, figure { margin: 0; padding: 0; }
h1 { font-size: clamp(2.25rem, 6vw, 3.25rem); line-height: 1.05; letter-spacing: -.025em; font-weight: 700; }
h2 { font-size: 1.3rem; line-height: 1.3; letter-spacing: -.01em; font-weight: 650; margin-bottom: .85rem; }
h3 { font-size: 1rem; font-weight: 650; }
h4 { font-size: .8125rem; font-weight: 650; color: var(--muted); }
ol, ul { list-style: none; }
small { font-size: .8125rem; font-weight: 400; color: var(--muted); letter-spacing: 0; }
a { color: var(--link); text-underline-offset: .15em; }
code, pre, .url, .target, .headers { font-family: var(--mono); font-size: .8125rem; }
code { background: var(--sunk); border-radius: 4px; padding: .1em .35em; }
.muted { color: var(--muted); font-size: .875rem; }
.sr-only { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 4px; }
section { margin-top: clamp(2.25rem, 5vw, 3.5rem); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.1rem 1.35rem; }
section.card { margin-top: 1.5rem; }
section.card h2 { font-size: 1.05rem; margin-bottom: .4rem; }
.mask { font-style: normal; color: var(--mask); background: var(--mask-soft); border-radius: 4px; padding: 0 .25em; }

.status { display: inline-flex; align-items: center; gap: .4em; font-size: .8125rem; font-weight: 600; color: var(--muted); white-space: nowrap; }
.status::before { content: ''; flex: none; width: .8em; height: .8em; background: currentColor; print-color-adjust: exact;
  -webkit-print-color-adjust: exact; forced-color-adjust: none; clip-path: polygon(0 40%, 100% 40%, 100% 60%, 0 60%); }
.status.passed { color: var(--good); }
.status.passed::before { clip-path: polygon(6% 52%, 20% 38%, 38% 58%, 80% 10%, 96% 24%, 39% 88%); }
.status.failed { color: var(--bad); }
.status.failed::before { clip-path: polygon(20% 4%, 50% 34%, 80% 4%, 96% 20%, 66% 50%, 96% 80%, 80% 96%, 50% 66%, 20% 96%, 4% 80%, 34% 50%, 4% 20%); }

.hero { padding-bottom: .5rem; }
.kicker { color: var(--muted); font-size: .9375rem; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; align-items: baseline; margin-bottom: 1.5rem; }
.kicker .command { font-family: var(--mono); font-size: .875rem; color: var(--text); }
.verdict { display: flex; gap: clamp(.9rem, 3vw, 1.5rem); align-items: flex-start; }
.verdict-icon { flex: none; width: clamp(2.75rem, 8vw, 4rem); height: auto; margin-top: .1rem; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.verdict-icon circle { fill: var(--tone); }
.verdict-icon path { fill: none; stroke: var(--ground); stroke-width: 5.5; stroke-linecap: round; stroke-linejoin: round; }
h1.title { font-size: clamp(1.75rem, 5vw, 2.5rem); margin-bottom: 1.25rem; }
.verdict-word { font-size: clamp(1.5rem, 4vw, 2rem); line-height: 1.1; font-weight: 700; letter-spacing: -.02em; }
.description { color: var(--muted); font-size: .9375rem; max-width: 52rem; white-space: pre-line; }
.description > * + * { margin-top: .5rem; }
.description ul, .description ol { list-style: disc; padding-left: 1.25rem; }
.description ol { list-style: decimal; }
.description pre { background: var(--sunk); border-radius: 6px; padding: .6rem .8rem; white-space: pre-wrap; }
.hero .description { margin-top: 1.5rem; color: var(--text); }
.sentence { font-size: clamp(1.05rem, 2.4vw, 1.25rem); line-height: 1.45; margin-top: .55rem; max-width: 46rem; }
.numbers { display: flex; flex-wrap: wrap; gap: 1rem clamp(1.75rem, 5vw, 3.5rem); margin-top: 2rem; padding-top: 1.25rem; border-top: 1px solid var(--line); }
dt { font-size: .8125rem; color: var(--muted); }
.numbers dd { font-size: 1.3rem; font-weight: 600; letter-spacing: -.01em; font-variant-numeric: tabular-nums; }

.contents ul { display: flex; flex-wrap: wrap; gap: .35rem 1.25rem; margin-top: 1.25rem; font-size: .875rem; }
.contents li:has([href^='../']) { margin-left: auto; }

.place { font-family: var(--mono); font-size: .8125rem; color: var(--muted); margin-top: .6rem; }
.next { border-left: 4px solid var(--tone); }
.card > .several { list-style: decimal; padding-left: 1.25rem; }
.warnings > .several { list-style: disc; }
.several li + li { margin-top: .35rem; }
.warnings { border-left: 4px solid var(--warn); background: var(--warn-soft); }
.warnings h2 { color: var(--warn); }

.timeline { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .75rem 1.35rem; }
.timeline .axis, .step { --left: 11.5rem; --right: 8.25rem; }
.axis { display: block; height: 18px; width: calc(100% - var(--left) - var(--right)); margin-left: var(--left); overflow: visible; }
.axis text { font: 11px var(--sans); fill: var(--muted); text-anchor: middle; }
.axis text.first { text-anchor: start; }
.step { display: grid; grid-template-columns: var(--left) 1fr var(--right); align-items: center; padding: .5rem 0 .7rem; }
.step + .step { border-top: 1px solid var(--line); }
.step-head h3 { overflow-wrap: normal; }
.step-head { display: flex; flex-wrap: wrap; gap: 0 .75rem; align-items: baseline; }
.step-time { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; font-weight: 600; }
.step-time small { display: inline-block; min-width: 3rem; }
.step-text { grid-column: 2 / -1; font-size: .9375rem; }
.step.skipped { padding: .7rem 0; }
.step.skipped .step-text { color: var(--muted); }
.step-text ul { color: var(--muted); font-size: .875rem; margin-top: .15rem; }
.bar { display: block; width: 100%; height: 32px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.bar line { stroke: var(--line); stroke-dasharray: 2 3; }
.bar { --c: var(--good); }
.bar.failed { --c: var(--bad); }
.bar .solid { fill: var(--c); }
.bar .span { fill: var(--c); fill-opacity: .18; }
.bar .attempt { stroke-width: 1.5; }
.bar .attempt.passed { fill: var(--good); stroke: none; }
.bar .attempt.failed { fill: var(--card); stroke: var(--bad); }

.failures { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); }
.failures > li { min-width: 0; }
.more { margin-top: 1rem; }
.failure { border-left: 4px solid var(--bad); }
.failure h3 { display: flex; flex-wrap: wrap; gap: .15rem .75rem; align-items: baseline; margin-bottom: .35rem; unicode-bidi: isolate; }
.method { font-family: var(--mono); font-size: .8125rem; }
.check { margin-top: .9rem; }
.check-name { font-weight: 600; }
.expectation { display: grid; gap: .3rem; margin-top: .35rem; }
.expectation > div { display: grid; grid-template-columns: 5.5rem 1fr; gap: .75rem; align-items: baseline; }
.expectation dd { font-family: var(--mono); font-size: .8125rem; background: var(--good-soft); border-radius: 4px; padding: .2rem .55rem; white-space: pre-wrap; justify-self: start; }
.expectation > div + div dd { background: var(--bad-soft); }
.message { font-family: var(--mono); font-size: .8125rem; background: var(--bad-soft); border-radius: 4px; padding: .3rem .6rem; margin-top: .4rem; white-space: pre-wrap; }

.facts { display: grid; gap: .7rem; }
.facts > div { display: grid; grid-template-columns: minmax(9rem, 14rem) 1fr; gap: .25rem 1.5rem; align-items: baseline; }
.facts dd { min-width: 0; }
.cause { font-size: 1.05rem; margin-bottom: 1rem; }
.cause .status { margin-right: .35rem; }
.evidence li + li { margin-top: .3rem; }
.evidence code { display: block; padding: .3rem .55rem; white-space: pre-wrap; }

.scroll { overflow: auto; }
.log, .diff { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .6rem 0; max-height: 34rem; }
.log li { display: flex; flex-wrap: wrap; gap: 0 .75rem; padding: .1rem 1.1rem; align-items: baseline; border-left: 4px solid transparent; }
.log time { font-family: var(--mono); font-size: .75rem; color: var(--muted); }
.log code { background: none; padding: 0; white-space: pre-wrap; flex: 1 1 24rem; min-width: 0; unicode-bidi: plaintext; }
.log .bad { background: var(--bad-soft); border-left-color: var(--bad); }
.log .good { background: var(--good-soft); border-left-color: var(--good); }

pre { white-space: pre-wrap; line-height: 1.5; }
.block { background: var(--sunk); border-radius: 6px; padding: .7rem .9rem; max-height: 28rem; margin-top: .35rem; }
pre, .name, .url, .check-name, .message { unicode-bidi: plaintext; }
::highlight(json-name) { color: var(--link); }
::highlight(json-literal) { color: var(--warn); }
.cut { font-size: .8125rem; color: var(--muted); margin-top: .25rem; }
.diff { margin-top: .85rem; }
.diff pre > * { display: block; padding: 0 1.1rem; text-decoration: none; }
.diff .meta { color: var(--muted); }
.diff ins { background: var(--good-soft); color: var(--good); }
.diff del { background: var(--bad-soft); color: var(--bad); }

.toolbar { display: flex; flex-wrap: wrap; gap: .6rem 1rem; align-items: center; margin-bottom: 1rem; }
.toolbar[hidden], .x[hidden], .folder[hidden], .iteration[hidden] { display: none; }
.toolbar fieldset { display: flex; border: 0; margin: 0; padding: 0; }
.toolbar button, .toolbar input { font: inherit; font-size: .875rem; color: var(--text); background: var(--card); border: 1px solid var(--line); padding: .4rem .85rem; min-height: 2.25rem; }
.toolbar button { cursor: pointer; margin-left: -1px; }
.toolbar legend + button { border-radius: 7px 0 0 7px; }
.toolbar button:last-child { border-radius: 0 7px 7px 0; }
.toolbar button[aria-pressed=true] { background: var(--text); color: var(--ground); border-color: var(--text); }
.toolbar button[aria-pressed=true] small { color: inherit; }
.toolbar label { flex: 1 1 14rem; }
.toolbar input { width: 100%; border-radius: 7px; }
.toolbar output { flex-basis: 100%; font-size: .875rem; color: var(--muted); }
.toolbar output:empty { margin-top: -.6rem; }
.requests > .muted { margin-bottom: 1.25rem; }
.group + .group { margin-top: 1.75rem; }
.group > h3 { margin-bottom: .5rem; }
.comparison h3 { font-size: .875rem; margin-top: .75rem; }
.comparison ul { list-style: disc; padding-left: 1.25rem; font-size: .9375rem; }
.iteration, .folder { margin-top: .75rem; }
.iteration > summary, .folder > summary { padding: .35rem .5rem; border-radius: 6px; overflow-wrap: anywhere; }
.iteration > summary:hover, .folder > summary:hover { background: var(--sunk); }
.iteration > summary h3 { display: inline; }
.iteration > summary .data { font-size: .875rem; color: var(--muted); padding-left: 1.1rem; }
.iteration > .headers { margin: .25rem 0 .75rem 1.6rem; font-family: var(--mono); font-size: .8125rem; }
.folder > .group, .iteration > .group { margin: .35rem 0 0 .5rem; padding-left: .75rem; border-left: 2px solid var(--line); }
.folder > .description { padding: .1rem 0 .35rem 1.6rem; }
.iteration .bad, .folder .bad { color: var(--bad); font-weight: 600; }
.group > .exchanges + .exchanges, .group > .folder + .exchanges { margin-top: .75rem; }
.packed[open]::after { content: 'The details of this request are packed. The script of this page shows them.'; display: block; padding: .35rem 1.1rem 1rem 2.1rem; color: var(--muted); font-size: .875rem; }
.exchanges { background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
/* No list items: a browser renumbers a whole list for each row that is hidden. */
.x { display: block; }
.many .iteration { content-visibility: auto; contain-intrinsic-size: auto 4rem; }
.many .x { content-visibility: auto; contain-intrinsic-size: auto 2.75rem; }
.x + .x { border-top: 1px solid var(--line); }
.row { display: grid; grid-template-columns: 5rem minmax(0, 4fr) minmax(0, 5fr) 4.5rem 4.5rem; gap: 0 1rem; align-items: baseline; padding: .6rem 1.1rem .6rem 2.1rem; }
summary { cursor: pointer; }
summary.row { list-style: none; position: relative; }
summary.row::-webkit-details-marker { display: none; }
summary.row::before { content: ''; position: absolute; left: 1rem; top: 1.15rem; width: .4rem; height: .4rem; border: solid var(--muted); border-width: 0 1.5px 1.5px 0; transform: rotate(-45deg); }
details[open] > summary.row::before { transform: rotate(45deg); }
summary.row:hover { background: var(--sunk); }
.x summary:focus-visible { outline-offset: -3px; }
.name { font-weight: 600; }
.target { color: var(--muted); }
.target b { color: var(--text); font-weight: 600; }
.code, .time { text-align: right; font-variant-numeric: tabular-nums; font-size: .875rem; }
.code { font-weight: 600; }
.time { color: var(--muted); }
.detail { padding: .35rem 1.1rem 1.4rem 2.1rem; }
.detail > * + * { margin-top: 1rem; }
.checks { font-size: .9375rem; }
.checks li { padding: .1rem 0; }
.checks .status { min-width: 5rem; }
.message-half .line { margin-top: .2rem; font-size: .875rem; }
.headers { margin-top: .5rem; }
.headers > div { display: grid; grid-template-columns: minmax(8rem, 13rem) 1fr; gap: 0 1rem; padding: .1rem 0; }
.headers dt { font-size: inherit; }
.headers dd { min-width: 0; }
.body-kind { font-size: .8125rem; margin-top: .7rem; }
.console li { padding: .1rem 0; }
.console b { font-size: .8125rem; color: var(--muted); }
.earlier { margin-top: .75rem; }
.earlier > summary { padding: .3rem 0; }
.attempt-group { margin: .75rem 0 0; }
.many .attempt-group { content-visibility: auto; contain-intrinsic-size: auto 10rem; }
.attempt-group h4 { margin-bottom: .35rem; color: var(--text); }
.copy { font: 500 .75rem var(--sans); color: var(--link); background: none; border: 1px solid var(--line); border-radius: 5px; padding: .1rem .5rem; margin: .3rem 0 0 .35rem; cursor: pointer; min-height: 1.5rem; }
.block .copy { float: right; margin: -.2rem -.3rem .3rem .6rem; background: var(--card); }

.pods { width: 100%; border-collapse: collapse; font-size: .875rem; margin-top: .85rem; font-variant-numeric: tabular-nums; }
.pods th, .pods td { text-align: left; vertical-align: baseline; padding: .5rem .9rem .5rem 0; border-bottom: 1px solid var(--line); font-weight: 400; }
.pods tbody th { min-width: 9rem; }
.pods thead th { font-size: .8125rem; color: var(--muted); }
.pods .problem { width: 30%; padding-right: 0; }
.pods thead th, .pods .key { overflow-wrap: normal; }
.pods .state { min-width: 8.5rem; }
.role { margin-top: 1.25rem; }
.workload { display: block; white-space: normal; }
footer { margin-top: 4rem; padding-top: 1.25rem; border-top: 1px solid var(--line); color: var(--muted); font-size: .875rem; }

@media (max-width: 46rem) {
  .step { grid-template-columns: 1fr auto; gap: 0 1rem; }
  .step-head { grid-column: 1; }
  .step-time { grid-column: 2; grid-row: 1; }
  .step-time small { display: none; }
  .bar, .step-text, .step.skipped .step-text { grid-column: 1 / -1; }
  .axis { width: 100%; margin-left: 0; }
  .row { grid-template-columns: auto 1fr auto; gap: .1rem .75rem; }
  .row .name, .row .target { grid-column: 1 / -1; }
  .row .status { grid-row: 1; }
  .row .code { grid-row: 1; grid-column: 2; }
  .row .time { grid-row: 1; grid-column: 3; }
  .facts > div, .headers > div { grid-template-columns: 1fr; }
  .headers > div { padding: .2rem 0; }
  .pods thead { display: none; }
  .pods, .pods tbody, .pods tr, .pods th, .pods td { display: block; border: 0; padding: 0; }
  .pods tr { border-bottom: 1px solid var(--line); padding: .75rem 0; display: grid; grid-template-columns: 1fr 1fr; gap: .2rem .9rem; }
  .pods th, .pods .problem { grid-column: 1 / -1; width: auto; }
  .pods .state { min-width: 0; }
  .pods td::before { content: attr(data-label) ' '; color: var(--muted); }
}
@media print {
  :root:not(.x) {
    --ground: #fff; --card: #fff; --sunk: #f5f5f3; --line: #ccc; --text: #000; --muted: #444; --good: #14713d; --good-soft: #e3f3e9;
    --bad: #b3261e; --bad-soft: #fcebe9; --warn: #865300; --warn-soft: #fff; --link: #000; --mask: #5a2ea0; --mask-soft: #f1eafb;
  }
  html { font-size: 10pt; border-top-width: 3px; }
  main { max-width: none; padding: 0; }
  section, .card, .step, .x { break-inside: avoid-page; }
  section { margin-top: 1.5rem; }
  section.requests, .log, .diff { break-inside: auto; }
  .toolbar, .copy, .contents { display: none !important; }
  .scroll { max-height: none; overflow: visible; }
  .many .x, .many .iteration, .many .attempt-group { content-visibility: visible; }
}
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
`;
