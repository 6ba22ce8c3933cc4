import type { Failure, ReportPaths, Run } from '../core/result.ts';
import { renderDuration, type Style, wrap } from './style.ts';

/** What stands under the steps when a run has ended: the verdict, what to do, where the report is. */
export function renderEnding(run: Run, reports: ReportPaths, style: Style, columns: number): string {
  const lines: string[] = [''];
  if (run.error !== null) lines.push(...renderFailure(run.error, style, columns));
  else lines.push(style.bold(verdictOf(run)));
  if (run.compose?.diff && run.verdict === 'planned') lines.push('', run.compose.diff, '');
  for (const next of run.next) lines.push(wrap(`  ${next}`, columns, '    '));
  if (reports.html !== null) lines.push(`  Report: ${reports.html}`);
  return `${lines.join('\n')}\n`;
}

/** What, where, why and the way out; never a stack. */
export function renderFailure(failure: Failure, style: Style, columns: number): string[] {
  const lines = [style.bad(style.bold(wrap(failure.message, columns)))];
  const { where } = failure;
  if (where !== null) {
    const position = [where.file, where.line, where.column].filter((part) => part !== undefined).join(':');
    if (!failure.message.includes(position)) lines.push(`  at ${position}`);
    if (where.excerpt !== undefined && where.column !== undefined) {
      const margin = `  ${where.line} | `;
      lines.push(style.dim(`${margin}${where.excerpt}`), `${' '.repeat(margin.length + where.column - 1)}^`);
    }
  }
  if (failure.hint !== null) lines.push(wrap(`  ${failure.hint}`, columns, '  '));
  return lines;
}

function verdictOf(run: Run): string {
  const time = renderDuration(run.durationMs);
  switch (run.command) {
    case 'iat':
      if (run.verdict === 'healthy') return `Healthy. The BFF is registered and stays up. (${time})`;
      return run.token === null
        ? 'This is the plan; nothing was changed.'
        : `The token is written; nothing was restarted. (${time})`;
    default:
      return `${run.verdict === 'healthy' ? 'Healthy' : 'Done'}. (${time})`;
  }
}
