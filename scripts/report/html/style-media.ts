/** What is different on a narrow screen and on paper. */
export const MEDIA_STYLE = `@media (max-width: 46rem) {
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
  .runs thead { display: none; }
  .runs, .runs tbody, .runs tr, .runs th, .runs td { display: block; border: 0; padding: 0; }
  .runs tr { border-bottom: 1px solid var(--line); padding: .9rem 0; display: grid; grid-template-columns: auto 1fr auto; gap: .1rem .9rem; }
  .runs td:not(:last-child), .runs th { white-space: normal; }
  .runs td:nth-child(4) { grid-row: 1; grid-column: 3; }
  .runs td:nth-child(3), .runs td:nth-child(5) { grid-column: 1 / -1; }
  .runs time small { display: inline; }
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
  .many .x, .many .attempt-group { content-visibility: visible; }
}
`;
