import { groupBy } from '../core/group-by.ts';
import type { Paragraph } from '../core/ports.ts';
import type { InstanceFacts, KubernetesFacts } from '../core/result.ts';
import { groupPods, podsInWords, problemOf, splitState, wellInWords } from '../report/pods.ts';
import { formatCount, formatNumber } from '../report/text.ts';
import { cutEnd, cutMiddle, type Layout, toShown } from './terminal-text.ts';

/**
 * The pods of a run under its verdict: those that are not well under what is wrong with them, and how many others there are. A
 * single pod has no line; the verdict is about it.
 */
export function renderPods({ pods }: KubernetesFacts, layout: Layout): (string | Paragraph)[] {
  if (pods.length < 2) return [];
  const groups = groupPods(pods);
  const { notWell, well } = groups;
  if (notWell.length === 0) return layout.quiet ? [] : [{ text: `  ${podsInWords(groups)}.`, indent: '  ' }];
  const shown = notWell.slice(0, MOST);
  const name = Math.min(LONGEST_NAME, Math.max(...shown.map((pod) => pod.name.length)));
  const lines = [...groupBy(shown, (pod) => problemOf(pod, groups))].flatMap(([problem, each]) => [
    { text: `  ${toShown(problem, layout, LONGEST_PROBLEM)}`, indent: '  ' },
    ...each.map((pod) => podLine(pod, name, layout)),
  ]);
  const more = notWell.length - shown.length;
  return [
    ...lines,
    ...(more === 0 ? [] : [`  and ${formatNumber(more)} more that ${more === 1 ? 'is' : 'are'} not well`]),
    ...(well.length === 0
      ? []
      : [`  and ${formatNumber(well.length)} ${well.length === 1 ? 'other is' : 'others are'} ${wellInWords(groups)}`]),
  ];
}

/** Lines of pods; the report has all of them. */
const MOST = 8;
/** Characters. */
const LONGEST_NAME = 40;
const LONGEST_PROBLEM = 300;

function podLine(pod: InstanceFacts, width: number, layout: Layout): string {
  const { signs, columns } = layout;
  const { phase, reason } = splitState(pod.state);
  const name = cutMiddle(toShown(pod.name, layout, 253), width, signs).padEnd(width);
  const restarts = pod.restarts === 0 ? '' : `, ${formatCount(pod.restarts, 'restart')}`;
  const start = `    ${name}  `;
  return start + cutEnd(toShown(`${reason ?? phase}${restarts}`, layout, 300), columns - start.length, signs);
}

/** The Role to ask for, to be copied; YAML may be set in. */
export function renderRole({ role }: KubernetesFacts, { redact }: Layout): string[] {
  if (role === null) return [];
  return [
    '  The Role to ask for:',
    ...redact(role)
      .trimEnd()
      .split('\n')
      .map((line) => `    ${line}`),
  ];
}
