import type {
  Assertion,
  Body,
  ConsoleLine,
  Exchange,
  ExchangeError,
  HttpRequest,
  HttpResponse,
} from '../core/exchange.ts';
import { isPassed } from '../core/exchange.ts';
import type { Report } from './newman-messages.ts';

/** An exchange that is not finished. */
interface Pending extends Pick<Exchange, 'id' | 'iteration' | 'name' | 'folders' | 'startedAt'> {
  request: HttpRequest | null;
  response: HttpResponse | null;
  readonly assertions: Assertion[];
  readonly console: ConsoleLine[];
  error: ExchangeError | null;
  via?: string;
}

/**
 * How much of the messages of passed requests is kept, in UTF-16 units of headers and bodies over the whole run. Beyond it only
 * what failed keeps its messages: the memory of a long run grows with its failures.
 */
const MOST_KEPT = 16 * 1_048_576;

/** What Newman's worker has told of one run: enough for a report whenever the run ends. */
export class RecordedRun {
  readonly #records = new Map<string, Pending>();
  readonly #onExchange: ((exchange: Exchange) => void) | undefined;
  #last: Pending | null = null;
  #kept = 0;
  /** Uncut text of the last answer; null where none came, or in a run without `origins`. */
  lastBody: string | null = null;

  /** @param onExchange hears of each exchange when it has ended */
  constructor(onExchange?: (exchange: Exchange) => void) {
    this.#onExchange = onExchange;
  }

  get isEmpty(): boolean {
    return this.#last === null;
  }

  add(report: Report): void {
    if (!('ref' in report)) return;
    if (report.kind === 'item') {
      const { kind, ref, ...about } = report;
      this.#last = { ...about, request: null, response: null, assertions: [], console: [], error: null };
      this.#records.set(ref, this.#last);
      return;
    }
    const record = this.#records.get(report.ref) ?? this.#last;
    if (record === null) return;
    switch (report.kind) {
      case 'request':
        record.request = report.request;
        break;
      case 'answer':
        record.request = report.request;
        record.response = report.response;
        record.error = report.error ?? record.error;
        if (report.via !== null) record.via = report.via;
        this.lastBody = report.body ?? this.lastBody;
        break;
      case 'assertion':
        record.assertions.push(report.assertion);
        break;
      case 'console':
        record.console.push(report.line);
        break;
      case 'error':
        record.error ??= report.error;
        break;
      case 'ended':
        this.#end(record);
    }
  }

  /** Something that was written past Newman, beside what the scripts log. */
  print(line: ConsoleLine): void {
    this.#last?.console.push(line);
  }

  /** The exchange that ran when the run was ended says why, unless it has an error of its own. */
  breakOff(error: ExchangeError): void {
    if (this.#last !== null) this.#last.error ??= error;
  }

  /** Whether an answer is still awaited. */
  get isWaiting(): boolean {
    return this.#last !== null && this.#last.request !== null && this.#last.response === null;
  }

  exchanges(): Exchange[] {
    return [...this.#records.values()].map(toExchange);
  }

  #end(record: Pending): void {
    const exchange = toExchange(record);
    this.#onExchange?.(exchange);
    if (!isPassed(exchange)) return;
    const { request, response } = record;
    this.#kept += sizeOf(request) + sizeOf(response);
    if (this.#kept <= MOST_KEPT) return;
    record.request = request && withoutMessage(request);
    record.response = response && withoutMessage(response);
  }
}

type Message = Pick<HttpRequest, 'headers' | 'body'>;

function sizeOf(message: Message | null): number {
  const headers = message?.headers.reduce((sum, { name, value }) => sum + name.length + value.length, 0) ?? 0;
  return headers + (message?.body?.text.length ?? 0);
}

function withoutMessage<M extends Message>(message: M): M {
  const body: Body | null = message.body && { ...message.body, text: '', isLeftOut: true };
  return { ...message, headers: [], body };
}

function toExchange(record: Pending): Exchange {
  const isUnanswered = record.response === null && record.error === null;
  // The run has gone on without a request and without a reason: `pm.execution.skipRequest()`.
  const isSkipped = isUnanswered && record.request === null;
  return {
    ...record,
    request: record.request ?? { method: '', url: '', headers: [], body: null },
    ...(isSkipped ? { isSkipped } : {}),
    error: isUnanswered && !isSkipped ? { kind: 'network', code: '', message: 'no answer came' } : record.error,
  };
}
