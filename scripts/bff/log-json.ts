import { isRecord, jsonOrNull } from '../core/json.ts';
import { cut, withoutBars } from './log-line.ts';

/** What a JSON line says, as a text that matchers can read. */
export interface JsonStatement {
  /** Message first, then exceptions (their own lines only), then `key=value` for every other field. */
  readonly words: string;
  /** Files and modules that a traceback in it went through. */
  readonly frames: string;
}

/** Fields that may hold the message, most telling first: structlog, bunyan and pino, python-json-logger, ECS, journald, docker. */
const MESSAGES = ['event', 'message', 'MESSAGE', 'msg', 'text', 'log', 'body', 'short_message', 'error_message'];
const EXCEPTIONS = /^(?:exception|exc_info|exc_text|traceback|stack|stack_?trace|stack_info)$/i;
/** OpenTelemetry wraps values: `{"key": "a", "value": {"stringValue": "b"}}`. */
const OTLP_VALUE = /^(?:string|int|bool|double|kvlist|array)Value$/;
const LIMITS = { depth: 16, fields: 200, field: 1_024, text: 16_384, frames: 2_048 };

/** Reads a JSON line of any logger; null where the text is not one JSON object. */
export function readJson(text: string): JsonStatement | null {
  const trimmed = text.trim();
  if (!trimmed.startsWith('{') || !trimmed.endsWith('}')) return null;
  const value = jsonOrNull(trimmed);
  if (!isRecord(value)) return null;
  const into: Collected = { words: [], frames: [], fields: 0 };
  for (const key of MESSAGES) {
    const message = value[key];
    if (typeof message === 'string' && message !== '') collectText(message, into);
  }
  collect(value, '', 0, into);
  return { words: into.words.join(' ').slice(0, LIMITS.text), frames: into.frames.join(' ').slice(0, LIMITS.frames) };
}

/**
 * The line that an engine's or a journal's JSON holds (docker's json-file, `journalctl -o json`), with the container that it
 * names; null: it is no such wrapping. The journal gives a line with colours in it as a list of bytes.
 */
export function unwrap(text: string): { readonly line: string; readonly container: string | null } | null {
  if (!text.startsWith('{') || !WRAPPED.test(text)) return null;
  const record = jsonOrNull(text.trim());
  if (!isRecord(record)) return null;
  const line = record['MESSAGE'] ?? record['log'];
  const isBytes = Array.isArray(line) && line.every((byte) => Number.isInteger(byte));
  if (typeof line !== 'string' && !isBytes) return null;
  const container = record['CONTAINER_NAME'];
  return {
    line: (isBytes ? Buffer.from(line).toString() : String(line)).replace(/\r?\n$/, ''),
    container: typeof container === 'string' ? container : null,
  };
}

const WRAPPED = /"(?:stream|__REALTIME_TIMESTAMP)":/;

/** A line of `stern -o json`, and the pod and container that it is of, as `kubectl logs --prefix` names them; null: it is none. */
export function readSternJson(text: string): { readonly line: string; readonly source: string } | null {
  if (!text.startsWith('{') || !text.includes('"podName":')) return null;
  const record = jsonOrNull(text.trim());
  if (!isRecord(record)) return null;
  const { message, podName, containerName } = record;
  if (typeof message !== 'string' || typeof podName !== 'string') return null;
  const container = typeof containerName === 'string' ? containerName : '';
  return { line: message.replace(/\r?\n$/, ''), source: `[pod/${podName}/${container}]` };
}

/** The statements of a traceback given as one text, and the files that it went through. */
function splitTraceback(text: string): JsonStatement {
  if (!/Traceback \(|^[ \t]*File "/m.test(text)) return { words: text.replace(/\s+/g, ' '), frames: '' };
  const words: string[] = [];
  const frames: string[] = [];
  let isMessage = false;
  for (const barred of text.split(/\r?\n/)) {
    const line = withoutBars(barred);
    if (/^\s*File "/.test(line)) frames.push(line.trim());
    else if (/^\s*(?:\+ )?(?:Exception Group )?Traceback \(/.test(line)) isMessage = false;
    else if (/^[^\s+]/.test(line) && !/^(?:During handling of|The above exception was)/.test(line)) {
      words.push(line);
      isMessage = true;
    } else if (isMessage && /^\s+[^\s+]/.test(line)) words.push(line.trim());
  }
  return { words: words.join(' ; '), frames: frames.join(' ') };
}

interface Collected {
  readonly words: string[];
  readonly frames: string[];
  fields: number;
}

function collect(value: unknown, path: string, depth: number, into: Collected): void {
  if (value === null || value === undefined || depth > LIMITS.depth || into.fields > LIMITS.fields) return;
  if (Array.isArray(value)) {
    for (const item of value) collect(item, path, depth + 1, into);
  } else if (isRecord(value)) {
    // structlog's dict_tracebacks: frames as records of their own.
    for (const frame of Array.isArray(value['frames']) ? value['frames'].slice(-50) : [])
      if (isRecord(frame) && typeof frame['filename'] === 'string') into.frames.push(frame['filename']);
    if (typeof value['key'] === 'string' && isRecord(value['value'])) {
      collect(value['value'], value['key'], depth + 1, into);
      return;
    }
    for (const [key, child] of Object.entries(value)) {
      if (depth === 0 && MESSAGES.includes(key) && typeof child === 'string') continue;
      if (key === 'frames' || key === 'timestamp') continue;
      if (typeof child === 'string' && EXCEPTIONS.test(key)) collectText(child, into);
      else collect(child, OTLP_VALUE.test(key) ? path : path === '' ? key : `${path}.${key}`, depth + 1, into);
    }
  } else {
    into.fields += 1;
    // A field may hold JSON once more: an answer's body, a docker line around the logger's own.
    const text = String(value);
    const nested = text.startsWith('{') ? readJson(text) : null;
    into.words.push(nested === null ? `${path}=${cut(text, LIMITS.field)}` : `${path}: ${nested.words}`);
  }
}

function collectText(text: string, into: Collected): void {
  const nested = readJson(text);
  const found = nested ?? (text.includes('\n') ? splitTraceback(text) : { words: text, frames: '' });
  into.words.push(cut(found.words, LIMITS.field * 4));
  if (found.frames !== '') into.frames.push(found.frames);
}
