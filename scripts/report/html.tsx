/** @jsxRuntime automatic @jsxImportSource preact */

import type { Run } from '../core/result.ts';
import type { Masker } from '../secrets/masker.ts';
import { renderPage } from './html/page.tsx';
import { Report } from './html/report.tsx';
import { maskRun } from './masked.ts';
import { formatUtc, toVisible } from './text.ts';
import { toView } from './view.ts';
import { toneOf, verdictWord } from './words.ts';

/** The report page of one run: one self-contained HTML file. */
export function renderHtml(run: Run, masker: Masker): string {
  const shown = maskRun(run, masker, toVisible);
  return renderPage({
    title: `${verdictWord(shown)}: ${shown.command}, ${formatUtc(shown.startedAt)}`,
    tone: toneOf(shown.verdict),
    children: <Report view={toView(shown)} />,
  });
}
