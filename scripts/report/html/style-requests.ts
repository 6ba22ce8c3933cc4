/** Requests and what came of them, and the bar to filter them. */
export const REQUESTS_STYLE = `.toolbar { display: flex; flex-wrap: wrap; gap: .6rem 1rem; align-items: center; margin-bottom: 1rem; }
.toolbar[hidden], .x[hidden] { display: none; }
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
.exchanges { background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
/* No list items: a browser renumbers a whole list for each row that is hidden. */
.x { display: block; }
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
`;
