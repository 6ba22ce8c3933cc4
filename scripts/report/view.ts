import { type Exchange, isPassed } from '../core/exchange.ts';
import type { Run } from '../core/result.ts';
import { descriptionsOf, type IterationGroup, toIterations } from './grouped.ts';
import {
  allExchanges,
  decidingExchanges,
  type FailedExchange,
  failedExchanges,
  type Tally,
  tallyOf,
} from './outline.ts';

/** What the HTML page shows, decided before anything is rendered. */
export interface View {
  readonly run: Run;
  readonly tally: Tally;
  readonly failures: readonly FailedExchange[];
  /** Every exchange of every attempt has a number, which is its anchor in the page. */
  readonly numbers: ReadonlyMap<Exchange, number>;
  /** How an exchange is shown with its headers and bodies; those that are not here get one line. */
  readonly details: ReadonlyMap<Exchange, 'plain' | 'packed'>;
  /** Of requests, by their id. */
  readonly descriptions: ReadonlyMap<string, string>;
  /** Of a text that is kept in the page compressed. @throws AppError `leak` */
  readonly compress: (text: string) => string;
  /** null: what ran is no collection, and is shown by step and attempt. */
  readonly iterations: readonly IterationGroup[] | null;
}

/** A body longer than this is cut, and its size is shown. UTF-16 units. */
export const LONGEST_BODY = 20_000;
/** Plain details beyond this sum, in estimated characters of HTML, would make the page large and slow to open. */
const PLAIN_BUDGET = 250_000;
const MOST_PLAIN = 60;
/** Packed ones take a twentieth of that in the page; beyond this sum they would take too long to pack. */
const PACKED_BUDGET = 64_000_000;

export function toView(run: Run, compress: View['compress']): View {
  const numbers = new Map(allExchanges(run).map((exchange, index) => [exchange, index + 1]));
  return {
    run,
    tally: tallyOf(run),
    failures: failedExchanges(run),
    numbers,
    details: chooseDetails(run),
    compress,
    descriptions: descriptionsOf(run),
    iterations: run.command === 'collection' ? toIterations(run) : null,
  };
}

/**
 * Failures of last attempts first, then last attempts, then the rest. Those that come first are read without scripts; where the
 * page would be full, the others are packed.
 */
function chooseDetails(run: Run): Map<Exchange, 'plain' | 'packed'> {
  const last = new Set(run.steps.flatMap(decidingExchanges));
  const earlier = allExchanges(run).filter((exchange) => !last.has(exchange));
  const details = new Map<Exchange, 'plain' | 'packed'>();
  const spent = { plain: 0, packed: 0 };
  for (const exchange of [...failedFirst([...last]), ...failedFirst(earlier)]) {
    const cost = estimateCost(exchange);
    const isPlain = details.size < MOST_PLAIN && spent.plain + cost <= PLAIN_BUDGET;
    const how = isPlain ? 'plain' : 'packed';
    if (how === 'packed' && spent.packed + cost > PACKED_BUDGET) continue;
    spent[how] += cost;
    details.set(exchange, how);
  }
  return details;
}
function failedFirst(exchanges: readonly Exchange[]): Exchange[] {
  return [...exchanges.filter((exchange) => !isPassed(exchange)), ...exchanges.filter(isPassed)];
}

/** From sizes alone: reading a body's text would mask it, which is what the choice saves. */
function estimateCost({ request, response, assertions, console }: Exchange): number {
  const headers = [...request.headers, ...(response?.headers ?? [])];
  const bodies = [request.body, response?.body].map((body) => Math.min(body?.bytes ?? 0, LONGEST_BODY) * 1.6);
  const texts = [
    ...headers.map((header) => header.name.length + Math.min(header.value.length, 2000) + 40),
    ...assertions.map((assertion) => 90 + assertion.name.length + (assertion.message?.length ?? 0)),
    ...console.map((line) => 60 + Math.min(line.text.length, 4000)),
    ...bodies,
  ];
  return texts.reduce((sum, size) => sum + size, 900 + request.url.length);
}
