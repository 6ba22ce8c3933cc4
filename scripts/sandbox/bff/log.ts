import { writeSync } from 'node:fs';
import process from 'node:process';
import type { BffSettings } from './settings.ts';

export type Fields = Readonly<Record<string, string | number | boolean | null>>;

/** The BFF's log, which looks like that of a Python service under uvicorn: what the readers of logs have to cope with. */
export interface Log {
  info(logger: string, message: string, fields?: Fields): void;
  warning(logger: string, message: string, fields?: Fields): void;
  error(logger: string, message: string, fields?: Fields): void;
  /** An error with a Python traceback under it, innermost frame last. */
  exception(logger: string, message: string, traceback: readonly string[]): void;
  /** What uvicorn says about the server itself; on stderr, as uvicorn does. */
  server(level: 'INFO' | 'ERROR', message: string): void;
  /** uvicorn's line for a request that was answered. */
  access(message: string): void;
}

const STDOUT = 1;
const STDERR = 2;

/** `plain` is logging's usual format, `json` is structlog's; `silent` writes nothing. */
export function createLog(format: BffSettings['log']): Log {
  if (format === 'silent') return SILENT;
  const write = format === 'json' ? writeJson : writePlain;
  return {
    info: (logger, message, fields) => write(STDOUT, 'INFO', logger, message, fields),
    warning: (logger, message, fields) => write(STDOUT, 'WARNING', logger, message, fields),
    error: (logger, message, fields) => write(STDOUT, 'ERROR', logger, message, fields),
    exception: (logger, message, traceback) => {
      const exception = ['Traceback (most recent call last):', ...traceback].join('\n');
      if (format === 'json') writeJson(STDOUT, 'ERROR', logger, message, { exception });
      else writePlain(STDOUT, 'ERROR', logger, `${message}\n${exception}`);
    },
    server: (level, message) => {
      if (format === 'json') writeJson(STDERR, level, 'uvicorn.error', message);
      else writeLine(STDERR, `${`${level}:`.padEnd(9)} ${message}`);
    },
    access: (message) => {
      if (format === 'json') writeJson(STDOUT, 'INFO', 'uvicorn.access', message);
      else writeLine(STDOUT, `INFO:     ${message}`);
    },
  };
}

const SILENT: Log = {
  info() {},
  warning() {},
  error() {},
  exception() {},
  server() {},
  access() {},
};

function writePlain(stream: number, level: string, logger: string, message: string, fields: Fields = {}): void {
  const time = new Date().toISOString().replace('T', ' ').replace('.', ',').replace('Z', '');
  const tail = Object.entries(fields).map(([name, value]) => ` ${name}=${value}`);
  writeLine(stream, `${time} - ${logger} - ${level} - ${message}${tail.join('')}`);
}

function writeJson(stream: number, level: string, logger: string, message: string, fields: Fields = {}): void {
  const entry = { event: message, ...fields, logger, level: level.toLowerCase(), timestamp: new Date().toISOString() };
  writeLine(stream, JSON.stringify(entry));
}

/**
 * Written at once, so that nothing is lost where the process exits right after.
 * A reader that is gone means that the container's owner is gone.
 */
function writeLine(stream: number, line: string): void {
  try {
    writeSync(stream, `${line}\n`);
  } catch {
    process.exit(1);
  }
}
