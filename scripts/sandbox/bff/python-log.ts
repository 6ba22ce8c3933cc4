import process from 'node:process';
import type { BffSettings } from './bff-settings.ts';

type Fields = Readonly<Record<string, string | number | boolean | null>>;

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

/**
 * `plain` is what logging and uvicorn write by default: all on stderr but the access log. `json` is structlog's: all on stdout.
 * `silent` writes nothing.
 */
export function createLog(format: BffSettings['log']): Log {
  const isJson = format === 'json';
  const writeLine = (stream: 'stdout' | 'stderr', line: string) => {
    if (format !== 'silent') process[stream].write(`${line}\n`);
  };
  const write = (level: string, logger: string, event: string, fields: Fields = {}) => {
    const timestamp = new Date().toISOString();
    if (isJson) {
      return writeLine('stdout', JSON.stringify({ event, ...fields, logger, level: level.toLowerCase(), timestamp }));
    }
    const time = timestamp.replace('T', ' ').replace('.', ',').replace('Z', '');
    const tail = Object.entries(fields).map(([name, value]) => ` ${name}=${value}`);
    writeLine('stderr', `${time} - ${logger} - ${level} - ${event}${tail.join('')}`);
  };
  return {
    info: (logger, message, fields) => write('INFO', logger, message, fields),
    warning: (logger, message, fields) => write('WARNING', logger, message, fields),
    error: (logger, message, fields) => write('ERROR', logger, message, fields),
    exception(logger, message, frames) {
      const exception = ['Traceback (most recent call last):', ...frames].join('\n');
      if (isJson) write('ERROR', logger, message, { exception });
      else write('ERROR', logger, `${message}\n${exception}`);
    },
    server(level, message) {
      if (isJson) write(level, 'uvicorn.error', message);
      else writeLine('stderr', `${`${level}:`.padEnd(9)} ${message}`);
    },
    access(message) {
      if (isJson) write('INFO', 'uvicorn.access', message);
      else writeLine('stdout', `INFO:     ${message}`);
    },
  };
}

/** Ends the process when its output is out: an exit would cut off what still has to go through a pipe. */
export async function exitAfterOutput(code: number): Promise<never> {
  for (const stream of [process.stdout, process.stderr]) await new Promise((resolve) => stream.write('', resolve));
  process.exit(code);
}
