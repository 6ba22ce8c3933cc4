import { anyOf } from './patterns.ts';

/** In UTF-16 units. What decides is at either end of a line; the middle of a longer one is left out. */
export const LONGEST_LINE = 8192;

/** One line as its writer meant it: without what the terminal and the engine that keeps the log added. */
export interface CleanLine {
  /** From a timestamp of the engine (RFC 3339 with nanoseconds) in front; null without one. */
  readonly at: Date | null;
  /** The container or service that is named in front, as in `bff-1  | `; null: none is. */
  readonly source: string | null;
  /** One printable line, indentation kept. */
  readonly text: string;
}

/** Takes off colours, control characters, the name in front and the engine's timestamp. Cleaning twice changes nothing. */
export function cleanLine(raw: string, limit = LONGEST_LINE): CleanLine {
  const { source, rest } = splitPrefix(stripControls(raw, limit));
  const stamp = ENGINE_TIMESTAMP.exec(rest);
  if (stamp === null) return { at: null, source, text: cut(rest, limit) };
  const at = new Date(`${stamp[1]}${(stamp[2] ?? '').slice(0, 4)}${stamp[3]}`);
  const stamped = rest.slice(stamp[0].length).replace(CRI, '');
  // k9s has the time first, and then the pod.
  const pod = source === null ? POD_BEHIND_TIME.exec(stamped) : null;
  const text = pod === null ? stamped : stamped.slice(pod[0].length);
  return { at: Number.isNaN(at.getTime()) ? null : at, source: pod?.[0].trim() ?? source, text: cut(text, limit) };
}

/** The pod that a name in front of a line is about (`CleanLine.source`); null: it is no pod's. */
export function podOf(source: string): string | null {
  if (source.startsWith('[pod/')) return source.split(/[/\]]/, 2)[1] ?? null;
  const [name = ''] = source.split(' ', 1);
  return name === source && !POD_BEHIND_TIME.test(`${source} `) ? null : name;
}

/** The text without timestamps and level names in front, where its statement begins. Indentation of a bare line is kept. */
export function withoutTimestamp(text: string): string {
  const stamp = TIMESTAMP.exec(text);
  return stamp === null ? text : text.slice(stamp[0].length);
}

/** A line of an exception group without the bars in front of it. */
export function withoutBars(line: string): string {
  return line.replace(/^(?:\s*\|)+(?: |$)/, '');
}

/** The head and the tail of a text above the limit. The copy does not keep the long original alive. */
export function cut(text: string, limit = LONGEST_LINE): string {
  if (text.length <= limit) return text;
  const half = (limit - 3) >> 1;
  return copyOf(`${text.slice(0, half)} … ${text.slice(-half)}`);
}

/** A string of its own: engines let a slice keep the whole text alive that it was cut from. */
export function copyOf(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}

/** Colours, window titles, backspaces, carriage returns, other control characters, invisible and direction-changing ones. */
function stripControls(raw: string, limit = LONGEST_LINE): string {
  // A line of megabytes costs time in every pass below; both ends with room for what is stripped are enough.
  const text = cut(raw, 2 * limit);
  if (!CONTROLS.test(text)) return text;
  const plain = text
    .replace(/(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?/g, '')
    .replace(/(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x9c]*(?:\x1b\\|\x9c)?/g, '')
    .replace(/(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?/g, '')
    .replace(/\x1b[ -/]*[0-~]?/g, '')
    .replace(/(?<![\r\n])[\r\n]+$/, '')
    .replace(/[\t\r\n]/g, ' ');
  return typedOver(plain).replace(/[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, '');
}

/** What a terminal shows of a text with backspaces. */
function typedOver(text: string): string {
  if (!text.includes('\x08')) return text;
  const shown: string[] = [];
  for (const character of text) {
    if (character === '\x08') shown.pop();
    else shown.push(character);
  }
  return shown.join('');
}

/**
 * `bff-1  | `, `bff_1 | `, `bff  | ` (container_name), `[bff] | ` (podman), `bff.1.x2@node | ` (swarm), `[pod/bff-7d/bff] `
 * (kubectl), `bff-7d5f9c6b8-x2x4z bff ` (stern; k9s without the container where it is the only one).
 */
function splitPrefix(text: string): { readonly source: string | null; readonly rest: string } {
  const bar = text.startsWith('[') ? 0 : text.indexOf('|');
  const prefix = bar === -1 || bar > LONGEST_PREFIX ? POD.exec(text) : (PREFIX.exec(text) ?? POD.exec(text));
  if (prefix === null) return { source: null, rest: text.replace(SYSLOG, '') };
  return { source: prefix[0].replace(/(?<![\s|])[\s|]+$/, ''), rest: text.slice(prefix[0].length) };
}

const CONTROLS = /[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;
/** A container's name in front of its line is no longer than this. */
const LONGEST_PREFIX = 100;
const SOURCE = anyOf(
  // project-bff-1, bff_1
  /[\w.-]{1,100}[-_]\d{1,9}/,
  // Any name with bff in it
  /[a-z0-9.-]{0,100}bff[\w.-]{0,100}/,
  // app_bff.1.k2j3h4@node-7
  /\w{1,100}\.\d{1,9}\.\w{1,100}@[\w.-]{1,100}/,
  // shared-redis
  /[a-z0-9]{1,100}(?:[-_.][a-z0-9]{1,100}){1,20}/,
  // idp, padded to the width of the longest name
  /[a-z][a-z0-9]{0,100}(?= {2})/,
);
const PREFIX = new RegExp(`^(?:\\[pod/[\\w./-]+\\] |(?:\\[[\\w.-]{1,64}\\]|(?:${SOURCE.source}))\\s*\\|(?: |$))`);
/**
 * A pod and its container, as stern and k9s print them. A Deployment's pod has a name that nothing else has; the name of a
 * StatefulSet's or a DaemonSet's counts only in front of a container that is called like it.
 */
const PODS = anyOf(
  /[a-z0-9][a-z0-9-]{0,50}-(?:(?=[a-z]*\d)[a-z0-9]{6,10}|[b-df-hj-np-tv-xz]{6,10})-[a-z0-9]{5} (?:[a-z][a-z0-9-]{0,50} )?/,
  /([a-z0-9](?:[a-z0-9-]{0,50}[a-z0-9])?)-(?:\d{1,4}|[b-df-hj-np-tv-xz2456789]{5}) \1 /,
  /[a-z0-9-]{0,50}bff[a-z0-9-]{0,50}-(?:\d{1,4}|[b-df-hj-np-tv-xz2456789]{5}) [a-z0-9-]{0,50}bff[a-z0-9-]{0,50} /,
);
const POD = new RegExp(`^(?:${PODS.source})`);
const POD_BEHIND_TIME = new RegExp(`^ {0,12}(?:${PODS.source})`);
const ENGINE_TIMESTAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{6,9})?(Z|[+-]\d\d:\d\d)(?: |$)/;
/** What containerd puts behind the timestamp. */
const CRI = /^(?:stdout|stderr) [FP] /;
/** `Mar  2 08:14:11 host bff[812]: `, as journalctl prints the lines of the driver journald; with fractions or in ISO 8601, too. */
const SYSLOG =
  /^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?|\d{4}-\d\d-\d\dT[\d:.]+[+-]\d\d:?\d\d) [\w.-]{1,64} [\w./-]{1,64}\[\d+\]: /;
const TIMESTAMPS = anyOf(
  // 2026-03-02 08:14:11,204 and [2026-03-02 08:14:11 +0000]
  /[[(]?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?[\])]?/,
  // [08:14:11]
  /\[?\d\d:\d\d:\d\d(?:[.,]\d+)?\]?/,
  // [02/Mar/2026:08:14:11 +0000]
  /\[?\d\d\/\w{3}\/\d{4}[: ][\d:]+(?: [+-]\d{4})?\]?/,
);
const TIMESTAMP = new RegExp(`^(?:${TIMESTAMPS.source})[ |:-]*`);
