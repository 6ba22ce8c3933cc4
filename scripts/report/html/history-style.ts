import type { Filter } from '../history-filters.ts';

/** What the page over all runs has beyond the common style. */
export const HISTORY_STYLE = `
.trends { display: grid; gap: 1rem; align-items: start; grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr)); margin-bottom: .75rem; }
.trend { padding: 1rem 1.15rem; min-width: 0; }
.trend figcaption { display: flex; flex-wrap: wrap; gap: .1rem .75rem; justify-content: space-between; align-items: baseline; min-height: 3rem; margin-bottom: .75rem; }
.trend figcaption p { font-size: .8125rem; color: var(--muted); }
.trend figcaption b { color: var(--text); font-weight: 600; font-size: .9375rem; font-variant-numeric: tabular-nums; }
.trend svg { display: block; width: 100%; height: 106px; }
.trend line { stroke: var(--muted); stroke-opacity: .5; }
.trend rect { fill: var(--card); stroke: var(--muted); stroke-width: 1.5; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.trend .good { fill: var(--good); stroke: none; }
.trend .bad { stroke: var(--bad); }
.trend .failed { fill: var(--bad); stroke: none; }
.trend g:hover rect { opacity: .7; }
.trend summary { font-size: .8125rem; color: var(--muted); margin-top: .5rem; }
.numbers-of { width: 100%; border-collapse: collapse; font-size: .8125rem; margin-top: .35rem; font-variant-numeric: tabular-nums; }
.numbers-of th, .numbers-of td { text-align: left; font-weight: 400; padding: .15rem .75rem .15rem 0; border-bottom: 1px solid var(--line); }
.numbers-of th { color: var(--muted); }

.filters { display: none; }
@supports selector(:has(a)) { .filters { display: grid; gap: .6rem; } }
.filters fieldset { border: 0; margin: 0; padding: 0; min-width: 0; display: grid; grid-template-columns: 5.5rem 1fr; gap: .25rem .75rem; }
.filters legend { float: left; padding: .3rem 0; font-size: .8125rem; color: var(--muted); }
.filters fieldset > div { display: flex; flex-wrap: wrap; gap: .35rem; min-width: 0; }
.filters input { position: absolute; opacity: 0; width: 1px; height: 1px; margin: 0; }
.filters label { font-size: .875rem; background: var(--card); border: 1px solid var(--line); border-radius: 999px; padding: .25rem .8rem; cursor: pointer; }
.filters label:hover { border-color: var(--muted); }
.filters input:checked + label { background: var(--text); border-color: var(--text); color: var(--ground); }
.filters input:checked + label small { color: inherit; }
.filters input:focus-visible + label { outline: 2px solid var(--link); outline-offset: 2px; }
.filters output { font-size: .875rem; color: var(--muted); }
.filters output:empty { display: none; }

.runs { width: 100%; border-collapse: collapse; margin-top: 1.25rem; font-size: .9375rem; }
.runs th, .runs td { text-align: left; vertical-align: baseline; padding: .65rem 1rem .65rem 0; border-bottom: 1px solid var(--line); font-weight: 400; }
.runs td:last-child { padding-right: 0; width: 34%; }
.runs td:first-child, .runs time, .runs .number { white-space: nowrap; }
.runs time small { display: block; }
.runs thead th { white-space: nowrap; font-size: .8125rem; color: var(--muted); }
.runs tbody th { font-weight: 600; width: 32%; }
.runs tbody th small { display: block; font-family: var(--mono); font-size: .75rem; }
.runs .number { font-variant-numeric: tabular-nums; }
.compare { display: block; font-size: .8125rem; }
.runs tbody tr:hover { background: var(--sunk); }

.pair { display: none; margin-top: 1.25rem; }
/* What a link has led to is all that is seen there. */
.pair:focus { outline: none; }
.pair:target, .pairs:not(:has(.pair:target)) .first { display: block; }
.choosing .pair.pair { display: none; }
.all-of { display: none; font-size: .875rem; color: var(--muted); margin-top: .75rem; }
.pairs:has(.pair:target, .first, .choose:not([hidden])) .all-of { display: block; }
.pairs:not(:has(#all-of:checked)) :not(.alone) > .beside .details tr:not([class]) { display: none; }
.pairs:not(:has(#all-of:checked)) :not(.alone) > .beside .details:has(tr[class]) tr:first-child { display: table-row; }
.choose { display: flex; flex-wrap: wrap; gap: .6rem 1rem; margin-top: 1rem; }
.choose[hidden] { display: none; }
.choose label { flex: 1 1 17rem; min-width: 0; font-size: .8125rem; color: var(--muted); }
.choose select { display: block; width: 100%; font: inherit; font-size: .875rem; color: var(--text); background: var(--card); border: 1px solid var(--line); border-radius: 7px; padding: .4rem .6rem; min-height: 2.25rem; }
.beside { width: 100%; table-layout: fixed; border-collapse: collapse; margin-top: .75rem; font-size: .875rem; background: var(--card); border: 1px solid var(--line); font-variant-numeric: tabular-nums; }
.beside th, .beside td { text-align: left; vertical-align: baseline; font-weight: 400; padding: .35rem .9rem; border-top: 1px solid var(--line); color: var(--muted); }
.beside thead small { display: block; }
.beside thead time { font-weight: 600; }
.beside time small { display: block; }
.beside [scope=rowgroup] { background: var(--sunk); color: var(--text); font-weight: 650; }
.beside thead td:first-child { width: 27%; }
.beside thead th:last-child:not(.now) { width: 7rem; }
.beside tr[class] > * { color: var(--text); }
.beside tr[class] > td:last-child { font-weight: 600; }
.beside .new > *, .beside .slower > * { background: var(--bad-soft); }
.beside .new > td:last-child, .beside .slower > td:last-child, .beside .still > td:last-child { color: var(--bad); }
.beside .fixed > *, .beside .faster > * { background: var(--good-soft); }
.beside .fixed > td:last-child, .beside .faster > td:last-child { color: var(--good); }
.beside .different > * { background: var(--warn-soft); }
.beside .different > td:last-child { color: var(--warn); }

@media (max-width: 46rem) {
  .filters fieldset { grid-template-columns: 1fr; }
  .runs thead { display: none; }
  .runs, .runs tbody, .runs tr, .runs th, .runs td { display: block; border: 0; padding: 0; }
  .runs tr { border-bottom: 1px solid var(--line); padding: .9rem 0; display: grid; grid-template-columns: auto 1fr auto; gap: .1rem .9rem; }
  .runs td:nth-child(4) { grid-row: 1; grid-column: 3; text-align: right; }
  .runs td:nth-child(3), .runs td:nth-child(5) { grid-column: 1 / -1; width: auto; }
  .runs tbody th { width: auto; grid-row: 1; grid-column: 2; }
  .runs td:nth-child(3) { font-size: .8125rem; color: var(--muted); }
  .runs td:nth-child(3) time { white-space: normal; }
  .runs time small { display: inline; }
  .beside, .beside thead, .beside tbody { display: block; }
  .beside tr { display: grid; grid-template-columns: 1fr 1fr 5.5rem; border-top: 1px solid var(--line); }
  .beside th, .beside td { border: 0; padding: .25rem .6rem; min-width: 0; }
  .beside thead td { display: none; }
  .beside thead th:last-child:not(.now) { width: auto; }
  .beside tbody th { grid-column: 1 / -1; }
  .beside tbody th[scope=row] { font-size: .8125rem; padding-bottom: 0; }
  .beside td[colspan] { grid-column: span 2; }
  .pairs:not(:has(#all-of:checked)) :not(.alone) > .beside .details:has(tr[class]) tr:first-child { display: grid; }
}
@media print {
  .filters, .choose, .compare, .trend details, .pair.first:not(:target) { display: none !important; }
  .trends { grid-template-columns: 1fr 1fr; }
  .runs tr, .beside tr, .trend { break-inside: avoid-page; }
  section:has(> .runs), section:has(> .pair), .pair { break-inside: auto; }
  .pairs:not(:has(.pair:target)) { display: none; }
}
`;

/** One rule for each choice: rows of other runs are not shown, and their bars are pale. */
export function filterStyle(filters: readonly Filter[]): string {
  return filters
    .flatMap(({ name, values }) =>
      values.map((_, index) => {
        const others = `[data-${name}]:not([data-${name}="${index}"])`;
        const chosen = `main:has(#${name}-${index}:checked)`;
        return `${chosen} tr${others} { display: none; } ${chosen} g${others} { opacity: .15; }\n`;
      }),
    )
    .join('');
}
