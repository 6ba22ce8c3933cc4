import { type Exchange, isPassed } from '../core/exchange.ts';
import type { Run } from '../core/result.ts';
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
  /** Exchanges shown with headers and bodies; the others get one line. */
  readonly detailed: ReadonlySet<Exchange>;
}

/** A body longer than this is cut, and its size is shown. UTF-16 units. */
export const LONGEST_BODY = 20_000;
/** Details beyond this sum would make the page slow to open. Estimated characters of HTML. */
const DETAIL_BUDGET = 600_000;
const MOST_DETAILED = 400;

export function toView(run: Run): View {
  const numbers = new Map(allExchanges(run).map((exchange, index) => [exchange, index + 1]));
  return { run, tally: tallyOf(run), failures: failedExchanges(run), numbers, detailed: chooseDetailed(run) };
}

/** Failures of last attempts first, then last attempts, then the rest, until the page is full. */
function chooseDetailed(run: Run): Set<Exchange> {
  const last = new Set(run.steps.flatMap(decidingExchanges));
  const earlier = allExchanges(run).filter((exchange) => !last.has(exchange));
  const wanted = [...failedFirst([...last]), ...failedFirst(earlier)];
  const detailed = new Set<Exchange>();
  let spent = 0;
  for (const exchange of wanted) {
    const cost = estimateCost(exchange);
    if (detailed.size >= MOST_DETAILED) break;
    if (spent + cost > DETAIL_BUDGET) continue;
    spent += cost;
    detailed.add(exchange);
  }
  return detailed;
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
