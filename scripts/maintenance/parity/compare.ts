import type { Arrival } from './echo.ts';

/** What a run did. */
export interface Observed {
  readonly exitCode: number | string;
  readonly arrivals: readonly Arrival[];
  /** The requests of the collection, in the order in which they ran; null: the run broke, and Newman wrote no report. */
  readonly executions: readonly Execution[] | null;
  /** What was printed, for people. */
  readonly output: string;
}

export interface Execution {
  readonly name: string;
  /** null: no answer came; undefined: nobody says. */
  readonly status: number | null | undefined;
  readonly isScriptBroken: boolean;
  readonly checks: readonly { readonly name: string; readonly status: 'passed' | 'failed' | 'skipped' }[];
}

/** They differ from run to run, or say only which program asks. */
const OWN_HEADERS = new Set(['postman-token', 'user-agent']);

/**
 * The first thing that differs, in words; null: the runs are equal.
 *
 * @param again gives a second run of Newman, asked for where a text differs: what the two have in common must be in ours, and
 *   the rest is random or the time
 */
export async function findDifference(
  newman: Observed,
  ours: Observed,
  again: () => Promise<Observed>,
): Promise<string | null> {
  const difference = differenceOf(newman, ours, null);
  return difference === null ? null : differenceOf(newman, ours, await again());
}

function differenceOf(newman: Observed, ours: Observed, again: Observed | null): string | null {
  if (isRefusal(newman) && isRefusal(ours)) return null;
  const compared = newman.executions === null ? { ...ours, executions: null } : ours;
  const [wanted, got, other] = [newman, compared, again].map((run) => (run === null ? null : factsOf(run)));
  for (const [index, fact] of (wanted ?? []).entries()) {
    const own = got?.[index];
    if (own === undefined) return `${fact.what}: missing here`;
    if (own.what !== fact.what) return `${fact.what} there, ${own.what} here${saidBy(ours)}`;
    if (own.value === fact.value || own.value === null || fact.value === null) continue;
    const second = other?.[index];
    if (second?.what === fact.what && second.value !== null && isBetween(own.value, fact.value, second.value)) continue;
    return `${fact.what}: ${aroundDifference(fact.value, own.value)}${saidBy(ours)}`;
  }
  const more = got?.[wanted?.length ?? 0];
  return more === undefined ? null : `${more.what}: only here`;
}

/** Nothing could be run: Newman has the same exit code for that and for a failed check, and this tool another. */
function isRefusal({ exitCode, arrivals }: Observed): boolean {
  return (exitCode === 1 || exitCode === 2) && arrivals.length === 0;
}

interface Fact {
  /** Where it is; the same for both runs where they did the same. */
  readonly what: string;
  /** null: anything may be there. */
  readonly value: string | null;
}

/** All that is compared, in the order in which it is told. */
function factsOf({ exitCode, arrivals, executions }: Observed): Fact[] {
  return [
    ...arrivals.flatMap((arrival, index) => wireOf(arrival, `request ${index + 1}`)),
    ...(executions ?? []).flatMap(({ name, status, isScriptBroken, checks }, index) => {
      const what = `execution ${index + 1}`;
      return [
        { what: `${what} name`, value: plain(name) },
        { what: `${what} status`, value: status === undefined ? null : String(status) },
        { what: `${what} broken script`, value: String(isScriptBroken) },
        ...checks.flatMap((check, at) => [
          { what: `${what} check ${at + 1} name`, value: plain(check.name) },
          { what: `${what} check ${at + 1}`, value: check.status },
        ]),
      ];
    }),
    { what: 'exit code', value: String(exitCode) },
  ];
}

function wireOf({ method, host, target, headers, body }: Arrival, what: string): Fact[] {
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  const boundary = /boundary="?([^";]+)/.exec(type)?.[1];
  const normal = (text: string) => (boundary === undefined ? text : text.replaceAll(boundary, 'BOUNDARY'));
  return [
    { what: `${what} method`, value: method },
    { what: `${what} host`, value: host },
    { what: `${what} path`, value: target },
    ...headers
      .filter(([name]) => !OWN_HEADERS.has(name.toLowerCase()))
      .map(([name, value]) => ({
        what: `${what} header ${name}`,
        // The body says more about its length.
        value: name.toLowerCase() === 'content-length' ? 'set' : normal(value),
      })),
    { what: `${what} body`, value: normal(body) },
  ];
}

/** A name as both programs have it: this one masks secrets, shortens, and shows characters that move a cursor. */
function plain(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}]+/gu, ' ').trim();
}

/** Whether a text begins and ends as both of two others do. A word that they share by chance does not count. */
function isBetween(text: string, a: string, b: string): boolean {
  if (a === b) return false;
  const prefix = commonStart(a, b).replace(/[\w-]*$/, '');
  const reversed = (value: string) => [...value].reverse().join('');
  const suffix = reversed(commonStart(reversed(a), reversed(b)).replace(/[\w-]*$/, ''));
  return text.startsWith(prefix) && text.endsWith(suffix);
}

function commonStart(a: string, b: string): string {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return a.slice(0, length);
}

function aroundDifference(wanted: string, got: string): string {
  const from = Math.max(0, commonStart(wanted, got).length - 20);
  const part = (text: string) => JSON.stringify(text.slice(from, from + 60));
  return `${part(wanted)} there, ${part(got)} here`;
}

/** Why this tool ran nothing, where it said so. */
function saidBy({ executions, output }: Observed): string {
  return executions !== null && executions.length > 0
    ? ''
    : `; it said: ${output.trim().replaceAll(/\s+/g, ' ').slice(0, 200)}`;
}
