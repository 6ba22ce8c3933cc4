import process from 'node:process';
import type { BffSettings } from './bff-settings.ts';

export type Fields = Readonly<Record<string, string | number | boolean | null>>;

/** The BFF's log, which looks like that of a Python service under uvicorn. */
export interface Log {
  info(logger: string, message: string, fields?: Fields): void;
  warning(logger: string, message: string, fields?: Fields): void;
  error(logger: string, message: string, fields?: Fields): void;
  /** An error with a Python traceback under it, innermost frame last. */
  exception(logger: string, message: string, traceback: readonly string[]): void;
  /** What uvicorn says about the server itself. */
  server(level: 'INFO' | 'ERROR', message: string): void;
  /** uvicorn's line for a request that was answered. */
  access(message: string): void;
}

type Stream = 'stdout' | 'stderr';

type Write = (level: string, logger: string, message: string, fields?: Fields) => void;

/**
 * `plain` is what logging and uvicorn write by default: all on stderr but the access log. `json` is structlog's: all on stdout.
 * `silent` writes nothing.
 */
export function createLog(format: BffSettings['log']): Log {
  if (format === 'silent') return { info() {}, warning() {}, error() {}, exception() {}, server() {}, access() {} };
  const write = format === 'json' ? writeJson : writePlain;
  const levels = {
    info: write.bind(null, 'INFO'),
    warning: write.bind(null, 'WARNING'),
    error: write.bind(null, 'ERROR'),
  };
  return format === 'json' ? { ...levels, ...JSON_FORMS } : { ...levels, ...PLAIN_FORMS };
}

type Forms = Pick<Log, 'exception' | 'server' | 'access'>;

const PLAIN_FORMS: Forms = {
  exception: (logger, message, frames) => writePlain('ERROR', logger, `${message}\n${renderTraceback(frames)}`),
  server: (level, message) => writeLine('stderr', `${`${level}:`.padEnd(9)} ${message}`),
  access: (message) => writeLine('stdout', `INFO:     ${message}`),
};

const JSON_FORMS: Forms = {
  exception: (logger, message, frames) => writeJson('ERROR', logger, message, { exception: renderTraceback(frames) }),
  server: (level, message) => writeJson(level, 'uvicorn.error', message),
  access: (message) => writeJson('INFO', 'uvicorn.access', message),
};

const writePlain: Write = (level, logger, message, fields = {}) => {
  const time = new Date().toISOString().replace('T', ' ').replace('.', ',').replace('Z', '');
  const tail = Object.entries(fields).map(([name, value]) => ` ${name}=${value}`);
  writeLine('stderr', `${time} - ${logger} - ${level} - ${message}${tail.join('')}`);
};

const writeJson: Write = (level, logger, message, fields = {}) => {
  const entry = { event: message, ...fields, logger, level: level.toLowerCase(), timestamp: new Date().toISOString() };
  writeLine('stdout', JSON.stringify(entry));
};

function renderTraceback(frames: readonly string[]): string {
  return ['Traceback (most recent call last):', ...frames].join('\n');
}

/** Waits until everything that was written has left this process: an exit would cut off output to a pipe. */
async function flushOutput(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) await new Promise((resolve) => stream.write('', resolve));
}

/** Ends the process when its output is out. */
export async function exitAfterOutput(code: number): Promise<never> {
  await flushOutput();
  process.exit(code);
}

function writeLine(stream: Stream, line: string): void {
  process[stream].write(`${line}\n`);
}
