import type { Assertion, ConsoleLine, Exchange, ExchangeError, HttpRequest, HttpResponse } from '../core/exchange.ts';
import type { Report } from './newman-messages.ts';

/** An exchange that is not finished. */
interface Pending extends Pick<Exchange, 'id' | 'name' | 'folders' | 'startedAt'> {
  request: HttpRequest | null;
  response: HttpResponse | null;
  readonly assertions: Assertion[];
  readonly console: ConsoleLine[];
  error: ExchangeError | null;
  via?: string;
}

/** What Newman's worker has told of one run: enough for a report whenever the run ends. */
export class RecordedRun {
  readonly #records = new Map<string, Pending>();
  #last: Pending | null = null;
  /** Uncut text of the last answer; null where none came, or in a run without `origins`. */
  lastBody: string | null = null;

  get isEmpty(): boolean {
    return this.#last === null;
  }

  add(report: Report): void {
    if (!('ref' in report)) return;
    if (report.kind === 'item') {
      const { id, name, folders, startedAt } = report;
      this.#last = {
        id,
        name,
        folders,
        startedAt,
        request: null,
        response: null,
        assertions: [],
        console: [],
        error: null,
      };
      this.#records.set(report.ref, this.#last);
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
