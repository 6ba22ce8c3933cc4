import { reportFolderName } from '../../scripts/report/folder.ts';
import { renderHistory } from '../../scripts/report/history.tsx';
import { readHistory } from '../../scripts/report/past-run.ts';
import { renderResult } from '../../scripts/report/result-json.ts';
import { interruptedRun, plannedRun } from '../report/extreme-runs.ts';
import { sampleMasker } from '../report/sample-exchanges.ts';
import { failedBootstrapRun, failedMintRun, healthyRun } from '../report/sample-run.ts';

/** The page over so many runs that ended in different ways, a day apart; the fourth one was killed. */
export function historyPage(count: number): string {
  const runs = [healthyRun(), failedMintRun(), failedBootstrapRun(), interruptedRun(), plannedRun()];
  const folders = Array.from({ length: count }, (_, index) => {
    const startedAt = new Date(Date.UTC(2026, 10, 1 + index, 9, 30));
    const run = { ...(runs[index % runs.length] ?? healthyRun()), startedAt };
    const paths = { html: 'index.html', junit: null, json: null };
    const result = index === 3 ? null : renderResult(run, paths, sampleMasker());
    return { name: reportFolderName(startedAt, run.command), result, hasPage: result !== null };
  });
  return renderHistory(readHistory(folders));
}
