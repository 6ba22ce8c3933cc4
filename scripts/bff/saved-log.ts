import { type Diagnosis, isGood } from '../core/diagnosis.ts';
import { groupBy } from '../core/group-by.ts';
import type { LogLine } from '../core/result.ts';
import { readSternJson } from './log-json.ts';
import { cleanLine, cut, podOf } from './log-line.ts';
import { LogReader, type ReaderContext } from './log-reader.ts';

/** What a saved log says of one pod, or of all of it where it is about no pods. */
interface Judged {
  readonly name: string;
  readonly reader: LogReader;
  readonly isWell: boolean;
}

/**
 * A saved log, which may hold the lines of several pods (`kubectl logs --prefix`, stern, k9s): each pod is read on its own, its
 * newest start counts. A log that is about no pods is read as one.
 */
export class SavedLog {
  /** How many lines have been read. */
  count = 0;
  /** Pods beyond the first ones, whose lines were not read. */
  readonly unread = new Set<string>();
  readonly #context: ReaderContext;
  readonly #readers = new Map<string, LogReader>();
  /** Reads what belongs to no pod: all of it until a second pod comes, then what follows a line of the same pod. */
  #current: LogReader;

  constructor(context: ReaderContext) {
    this.#context = context;
    this.#current = new LogReader(context);
  }

  push(line: LogLine): void {
    this.count += 1;
    const json = readSternJson(line.text);
    const source = json === null ? cleanLine(line.text, LONGEST_SOURCE).source : json.source;
    const pod = source === null ? null : podOf(source);
    if (pod !== null && SIDECAR.test(source ?? '')) return;
    const reader = pod === null ? this.#current : this.#readerOf(pod);
    if (reader === null) return;
    const text = json?.line ?? line.text;
    reader.push(text.length > LONGEST && this.#readers.size > 1 ? { ...line, text: cut(text) } : { ...line, text });
  }

  /** Each pod of the service, in the order in which they came; without pods, the log as one. */
  judged(): readonly [Judged, ...Judged[]] {
    const all = [...this.#readers].map(([name, reader]) => judge(name, reader));
    const own = all.filter(({ name }) => name.includes(this.#context.service ?? 'bff'));
    const [first, ...others] = own.length === 0 ? all : own;
    return first === undefined ? [judge('', this.#current)] : [first, ...others];
  }

  #readerOf(pod: string): LogReader | null {
    const known = this.#readers.get(pod);
    if (known !== undefined) {
      this.#current = known;
      return known;
    }
    if (this.#readers.size >= MOST_PODS) {
      if (this.unread.size < MOST_PODS) this.unread.add(pod);
      return null;
    }
    // The first pod goes on with what stands before its first line.
    if (this.#readers.size > 0) this.#current = new LogReader(this.#context);
    this.#readers.set(pod, this.#current);
    return this.#current;
  }
}

function judge(name: string, reader: LogReader): Judged {
  const { decided, diagnosis } = reader.reading();
  return { name, reader, isWell: decided === 'good' && isGood(diagnosis) };
}

/** What is wrong in several pods, each fault once with the pods that have it: the one that most pods have first. */
export function faultsOf(judged: readonly Judged[]): Diagnosis[] {
  const bad = judged.filter(({ isWell }) => !isWell);
  const groups = [...groupBy(bad, ({ reader }) => reader.diagnosis().code)];
  const rank = ([code, pods]: (typeof groups)[number]) => (code === 'unknown' ? 0 : pods.length);
  return groups
    .sort((a, b) => rank(b) - rank(a))
    .flatMap(([, pods]) => {
      const [first] = pods;
      if (first === undefined) return [];
      const diagnosis = first.reader.diagnosis();
      if (judged.length === 1) return [diagnosis];
      const names = pods.slice(0, MOST_NAMES).map(({ name }) => name);
      const others = pods.length - names.length;
      const list = others > 0 ? `${names.join(', ')} and ${others} more` : names.join(', ');
      return [{ ...diagnosis, cause: `${diagnosis.cause} (${pods.length} of ${judged.length} pods: ${list})` }];
    });
}

/** What proxies and agents beside the BFF are called by those who put them there. */
const SIDECAR =
  /[/ ](?:istio-(?:proxy|init|validation)|linkerd-(?:proxy|init)|vault-agent(?:-init)?|consul-dataplane|envoy|daprd|cloud-?sql-proxy|fluent-?bit|otel-collector)(?:\]|$)/;
const MOST_PODS = 100;
const MOST_NAMES = 3;
/** A prefix is no longer, colours included. UTF-16 units. */
const LONGEST_SOURCE = 512;
/** Of a line, where many pods hold some of them. */
const LONGEST = 65_536;
