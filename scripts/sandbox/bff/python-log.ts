import process from 'node:process';
import type { BffSettings } from './bff-settings.ts';

type Fields = Readonly<Record<string, string | number | boolean | null>>;

/** The BFF's log, which looks like that of a Python service under uvicorn. */
export type Log = ReturnType<typeof createLog>;

/**
 * `plain` is what logging and uvicorn write by default: all on stderr but the access log. `json` is structlog's: all on stdout.
 * `silent` writes nothing.
 */
export function createLog(format: BffSettings['log']) {
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
  const at = (level: string) => (logger: string, message: string, fields?: Fields) =>
    write(level, logger, message, fields);
  return {
    info: at('INFO'),
    warning: at('WARNING'),
    error: at('ERROR'),
    /** An error with a Python traceback under it, innermost frame last. */
    exception(logger: string, message: string, frames: readonly string[]) {
      const exception = ['Traceback (most recent call last):', ...frames].join('\n');
      if (isJson) write('ERROR', logger, message, { exception });
      else write('ERROR', logger, `${message}\n${exception}`);
    },
    /** What uvicorn says about the server itself. */
    server(level: 'INFO' | 'ERROR', message: string) {
      if (isJson) write(level, 'uvicorn.error', message);
      else writeLine('stderr', `${`${level}:`.padEnd(9)} ${message}`);
    },
    /** uvicorn's line for a request that was answered. */
    access(message: string) {
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
