import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { diagnoseLog } from '../../scripts/bff/log-reader.ts';

/** Code, a word of the cause as a pattern, and what the BFF's client raises, as JSON. Its last lines, as a program prints them. */
const EXCEPTIONS = readFileSync(new URL('../fixtures/logs/exceptions.tsv', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((row) => row.split('\t'))
  .map(([code = '', words = '', text = '""']) => ({ code, words, text: String(JSON.parse(text)) }));

const STARTING = ['INFO:     Started server process [1]', 'INFO:     Waiting for application startup.'];
const REGISTERING = 'INFO dcr_bootstrap: no cached credentials, registering client';
const ENDED = 'ERROR:    Application startup failed. Exiting.';
const FRAMES = [
  '  File "/app/bff/dcr_bootstrap.py", line 88, in register',
  '    answer = await http.post(url, headers=headers, json=metadata)',
  '  File "/usr/local/lib/python3.12/site-packages/httpx/_client.py", line 1859, in post',
  '    return await self.request("POST", url, json=json, headers=headers)',
];
const TRACEBACK = 'Traceback (most recent call last):';
const POD = 'bff-7d5f9c6b8-x2x4z bff ';

function journal(line: string): string {
  return JSON.stringify({ __REALTIME_TIMESTAMP: '1772439251000000', CONTAINER_NAME: 'stack-bff-1', MESSAGE: line });
}

/** The ways in which the same exception gets into a log. */
const SHAPES: Readonly<Record<string, (text: string) => string[]>> = {
  'uvicorn, a traceback': (text) => [
    ...STARTING,
    REGISTERING,
    `ERROR:    ${TRACEBACK}`,
    ...FRAMES,
    ...text.split('\n'),
    ENDED,
  ],
  'one line': (text) => [...STARTING, REGISTERING, `ERROR dcr_bootstrap: registration failed: ${oneLine(text)}`, ENDED],
  'one line under a headline': (text) => [
    ...STARTING,
    REGISTERING,
    'ERROR bff.main: DCR bootstrap failed',
    `  ${oneLine(text)}`,
    ENDED,
  ],
  'structlog, JSON': (text) => [
    '{"event":"no cached credentials, registering client","logger":"dcr_bootstrap","level":"info"}',
    JSON.stringify({
      event: 'bootstrap failed',
      logger: 'dcr_bootstrap',
      level: 'error',
      exception: [TRACEBACK, ...FRAMES, text].join('\n'),
    }),
  ],
  'JSON with a field for the error': (text) => [
    '{"message":"no cached credentials, registering client","name":"dcr_bootstrap","levelname":"INFO"}',
    JSON.stringify({ message: 'DCR bootstrap failed', name: 'dcr_bootstrap', levelname: 'ERROR', error: text }),
  ],
  'a traceback in a group': (text) => [
    ...STARTING,
    REGISTERING,
    `  + Exception Group ${TRACEBACK}`,
    '  |   File "/app/bff/main.py", line 40, in lifespan',
    '  |     async with asyncio.TaskGroup() as group:',
    '  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)',
    '  +-+---------------- 1 ----------------',
    `    | ${TRACEBACK}`,
    ...FRAMES.map((line) => `    | ${line}`),
    ...text.split('\n').map((line) => `    | ${line}`),
    '    +------------------------------------',
    '',
    ENDED,
  ],
  'a group in JSON': (text) => [
    '{"event":"no cached credentials, registering client","logger":"dcr_bootstrap","level":"info"}',
    JSON.stringify({
      event: 'bootstrap failed',
      logger: 'dcr_bootstrap',
      level: 'error',
      exception: [
        `  + Exception Group ${TRACEBACK}`,
        '  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)',
        '  +-+---------------- 1 ----------------',
        ...[TRACEBACK, ...FRAMES, ...text.split('\n')].map((line) => `    | ${line}`),
        '    +------------------------------------',
      ].join('\n'),
    }),
  ],
  'a chain of exceptions': (text) => [
    ...STARTING,
    REGISTERING,
    TRACEBACK,
    ...FRAMES,
    ...text.split('\n'),
    '',
    'The above exception was the direct cause of the following exception:',
    '',
    TRACEBACK,
    '  File "/app/bff/main.py", line 40, in lifespan',
    '    await dcr_bootstrap.run()',
    'bff.errors.StartError: the start failed',
    ENDED,
  ],
  loguru: (text) => [
    '2026-03-02 08:14:11.204 | INFO     | bff.dcr_bootstrap:run:61 - no cached credentials, registering client',
    '2026-03-02 08:14:16.310 | ERROR    | bff.dcr_bootstrap:run:97 - the bootstrap failed',
    TRACEBACK,
    '',
    '> File "/app/bff/dcr_bootstrap.py", line 91, in run',
    '    answer = await http.post(url, json=metadata)',
    '             │    └ <httpx.AsyncClient object at 0x7f3c>',
    '             └ <module>',
    '',
    ...text.split('\n'),
  ],
  'rich, a box in a column': (text) => [
    '[08:14:10] INFO     no cached credentials, registering client                    dcr_bootstrap.py:88',
    '[08:14:11] ERROR    The bootstrap failed                                         main.py:40',
    '                    ╭──────────── Traceback (most recent call last) ────────────╮',
    '                    │ /app/bff/dcr_bootstrap.py:91 in register                  │',
    '                    │                                                           │',
    '                    │ ❱ 91 │   answer = await http.post(url, json=metadata)     │',
    '                    ╰───────────────────────────────────────────────────────────╯',
    ...text.split('\n').map((line) => `                    ${line}`),
    '[08:14:11] ERROR    Application startup failed. Exiting.                         on.py:59',
  ],
  gunicorn: (text) => [
    '[2026-03-02 08:14:10 +0000] [1] [INFO] Starting gunicorn 22.0.0',
    '[2026-03-02 08:14:10 +0000] [7] [INFO] Booting worker with pid: 7',
    '[2026-03-02 08:14:10 +0000] [7] [INFO] dcr_bootstrap: no cached credentials, registering client',
    '[2026-03-02 08:14:11 +0000] [7] [ERROR] Exception in worker process',
    TRACEBACK,
    ...FRAMES,
    ...text.split('\n'),
    '[2026-03-02 08:14:11 +0000] [7] [INFO] Worker exiting (pid: 7)',
    '[2026-03-02 08:14:11 +0000] [1] [ERROR] Reason: Worker failed to boot.',
  ],
  stern: (text) =>
    [...STARTING, REGISTERING, `ERROR:    ${TRACEBACK}`, ...FRAMES, ...text.split('\n'), ENDED].map(
      (line) => `${POD}${line}`,
    ),
  'the journal, JSON': (text) =>
    [...STARTING, REGISTERING, `ERROR:    ${TRACEBACK}`, ...FRAMES, ...text.split('\n'), ENDED].map(journal),
};

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ': ');
}

describe.each(Object.entries(SHAPES))('%s', (_, shape) => {
  it.each(EXCEPTIONS.map(({ code, words, text }) => [`${code}: ${text}`, code, words, text]))(
    '%s',
    (_, code, words, text) => {
      const diagnosis = diagnoseLog(shape(text));
      const shown = diagnosis.evidence.join('\n');
      expect(diagnosis.code, shown).toBe(code);
      expect(diagnosis.cause).toMatch(new RegExp(words, 'i'));
      const helps = code === 'iat-missing' || code === 'iat-invalid';
      expect(diagnosis.iatHelps === true).toBe(helps);
    },
  );
});
