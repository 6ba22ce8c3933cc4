import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { factsOf } from '../../scripts/bff/facts.ts';
import { diagnoseLog } from '../../scripts/bff/log-reader.ts';
import { otherReasonIn } from '../../scripts/bff/other-reasons.ts';
import { SIGNATURES, strengthOf } from '../../scripts/bff/signatures.ts';
import type { Diagnosis } from '../../scripts/core/diagnosis.ts';
import { type Attack, type Attempted, attacks, CANARY } from '../support/attacks.ts';
import { runHere } from '../support/in-process.ts';

interface Read extends Attempted {
  readonly diagnosis: Diagnosis | null;
  /** How many lines of the log were taken in. */
  readonly lines: number;
  /** The part of the log that the reports have. */
  readonly excerpt: string;
}

/** Has doctor read a log that somebody else wrote. All that it printed and reported is searched for the canaries. */
async function read(log: string | Buffer): Promise<Read> {
  const cwd = mkdtempSync(join(tmpdir(), 'hostile-log-'));
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  writeFileSync(join(cwd, 'bff.log'), log);
  const { run, all } = await runHere(['--log-file', 'bff.log'], { command: 'doctor', cwd });
  const reports = readdirSync(join(cwd, 'reports'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
  const fact = run.facts.find(([name]) => name === 'Log')?.[1] ?? '';
  return {
    shown: [all, ...reports].join('\n'),
    diagnosis: run.diagnosis,
    lines: Number(/, (\d+) lines?$/.exec(fact)?.[1] ?? 0),
    excerpt: run.log.map(({ text }) => text).join('\n'),
  };
}

/** A row about a log: all of its lines were read, and it came to this diagnosis. */
function row(
  name: string,
  lines: readonly string[],
  code: string,
  check: (read: Read) => void = () => {},
): Attack<Read> {
  return {
    name,
    attempt: () => read(lines.join('\n')),
    happened: (attempted) => expect(attempted.lines).toBe(lines.length),
    outcome(attempted) {
      expect(attempted.diagnosis?.code).toBe(code);
      check(attempted);
    },
  };
}

const ESC = '\u001b';
const REGISTERING = 'INFO dcr: no cached credentials, registering client';
const REFUSED = 'ERROR dcr: registration failed: 401 invalid_token';
const NEXT = ['INFO dcr: no cached credentials, registering client', 'INFO dcr: client registered: bff-server (201)'];
const UP = 'INFO:     Application startup complete.';
const TRACEBACK = 'Traceback (most recent call last):';

function neverHelps({ diagnosis }: Read): void {
  expect(diagnosis?.iatHelps).not.toBe(true);
}

attacks('a log shows a token in the words of a client that could not send it', [
  row(
    "http.client, the header's value",
    [`ValueError: Invalid header value b'Bearer ${CANARY.token}\\n'`, REFUSED],
    'iat-invalid',
  ),
  row(
    'requests',
    [REGISTERING, `InvalidHeader: return character(s) in header value: 'Bearer ${CANARY.token}\\n'`, REFUSED],
    'iat-invalid',
  ),
  row(
    'httpx, in JSON',
    [JSON.stringify({ event: 'dcr failed', exception: `Illegal header value b'Bearer ${CANARY.token} '` })],
    'iat-invalid',
  ),
  row(
    'pydantic, the value of a setting',
    [
      '1 validation error for Settings',
      'dcr_iat',
      `  Value error, not a bare token [type=value_error, input_value='Bearer ${CANARY.token}', input_type=str]`,
      'ERROR:    Application startup failed. Exiting.',
    ],
    'unknown',
  ),
]);

attacks('a log speaks to the terminal, to the CI or to the reader', [
  row(
    'escape and OSC sequences in the line that decides',
    [`${ESC}]0;owned\u0007${ESC}[2J${REFUSED}${ESC}[8m\u009b31m`],
    'iat-invalid',
    ({ excerpt, shown }) => {
      expect(`${excerpt}${shown}`).not.toMatch(/[\x1b\x07\u009b]/);
    },
  ),
  row(
    'text that runs backwards and letters without width',
    [`ERROR dcr: registration fai\u200bled: 401 invalid_\u2060token \u202egnp.exe`],
    'iat-invalid',
    ({ shown }) => {
      expect(shown).not.toMatch(/[\u200b\u2060\u202e]/);
    },
  ),
  row(
    'backspaces that type over the truth',
    [`${REGISTERING}`, `ERROR dcr: registration failed: 200\b\b\b401 invalid_token`],
    'iat-invalid',
  ),
  row('a carriage return before a happier line', [`${REFUSED}\rINFO dcr: all is well`], 'iat-invalid'),
]);

attacks('a log lies about whether a token helps', [
  row(
    'a chat about it',
    [
      REGISTERING.replace('registering client', 'x'),
      JSON.stringify({ event: 'chat_message', text: REFUSED, user: 'bob', path: '/api/chat' }),
    ],
    'unknown',
    neverHelps,
  ),
  row(
    'a request that was served, with the words in its path',
    ['INFO:     10.0.0.1:1 - "POST /api/oidc/register?error=invalid_token HTTP/1.1" 401 Unauthorized'],
    'unknown',
    neverHelps,
  ),
  row(
    'another container in the journal',
    [
      JSON.stringify({ __REALTIME_TIMESTAMP: '1', CONTAINER_NAME: 'stack-bff-1', MESSAGE: REGISTERING }),
      JSON.stringify({ __REALTIME_TIMESTAMP: '1', CONTAINER_NAME: 'stack-idp-1', MESSAGE: REFUSED }),
    ],
    'unknown',
    neverHelps,
  ),
  row(
    'an empty header of another client, once the BFF is registered',
    [
      ...NEXT,
      "ERROR catalog: httpx.LocalProtocolError: Illegal header value b'Bearer '",
      'ERROR:    Application startup failed. Exiting.',
    ],
    'unknown',
    neverHelps,
  ),
  row(
    'a header with a password',
    [
      REGISTERING,
      "ERROR vault: Illegal header value b'Basic abc\\n'",
      'ERROR:    Application startup failed. Exiting.',
    ],
    'unknown',
    neverHelps,
  ),
  row(
    'a page of the proxy that speaks of tokens',
    [`ERROR dcr: POST http://idp-app:8002/register answered 200 <!DOCTYPE html><p>invalid_tokens expire</p>`],
    'idp-unreachable',
    neverHelps,
  ),
  row(
    'an IdP that has no registration',
    ['ERROR dcr: the IdP answered: Dynamic client registration is disabled for this realm; get a token'],
    'idp-unreachable',
    neverHelps,
  ),
]);

attacks('a log hides the next start', [
  row(
    'behind a group of exceptions that does not end',
    [`  + Exception Group ${TRACEBACK}`, '    | httpx.HTTPStatusError: 401 invalid_token', ...NEXT, UP],
    'registered',
  ),
  row(
    'behind a traceback without an exception',
    [REFUSED, TRACEBACK, '  File "/app/x.py", line 1, in y', 'ValueError', ...NEXT, UP],
    'registered',
  ),
  row(
    'behind a box that is never closed',
    [REFUSED, `╭─── ${TRACEBACK} ───╮`, '│ /app/x.py:1 in y │', 'ValueError', ...NEXT, UP],
    'registered',
  ),
]);

attacks('a log breaks what reads it', [
  row('JSON of 20,000 levels', [`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`, REFUSED], 'iat-invalid'),
  row(
    'names that belong to every object',
    ['{"__proto__":{"event":"x"},"constructor":{"name":"dcr"},"event":"dcr registration failed: 401 invalid_token"}'],
    'iat-invalid',
  ),
  row(
    'bytes that are none',
    [
      JSON.stringify({ __REALTIME_TIMESTAMP: '1', MESSAGE: [-1, 1e9, 0, 300] }),
      JSON.stringify({ __REALTIME_TIMESTAMP: 1, MESSAGE: { a: 1 } }),
      REFUSED,
    ],
    'iat-invalid',
  ),
  row('halves of characters', ['\ud800\ud800 ERROR \udfff', REFUSED], 'iat-invalid'),
  {
    name: 'UTF-16 with a token in it',
    attempt: () => read(Buffer.from(`\ufeff${REFUSED}\r\nBearer ${CANARY.token}\r\n`, 'utf16le')),
    happened: ({ lines }) => expect(lines).toBe(2),
    outcome: ({ diagnosis }) => expect(diagnosis?.code).toBe('iat-invalid'),
  },
]);

/** Pieces that a pattern with two adjoining repeats would go through again and again. */
const PIECES = [
  'a.',
  'x',
  ' ',
  '-',
  ':',
  "'",
  '"',
  '[',
  '{"a":',
  '\\n',
  '| ',
  '12',
  'Bearer ',
  'header value ',
  'IAT ',
  'RAT ',
  'no ',
  'missing ',
  'dcr registration ',
  'http://a',
  'GET /',
  'status ',
  'redirect_uri ',
  'scope ',
  'redis ',
  'redis.',
  'InvalidUrl',
  "' ",
  'kafka ',
  "Policy '",
  'idp_base_url ',
  "codec can't encode character ",
  'a-b1c2d3e4-',
  '2026-03-02T',
];

/** CPU time of all that a line with so much of a piece goes through, in milliseconds: as a line that is cut, and whole. */
function cost(piece: string, length: number): number {
  const text = piece.repeat(length / piece.length);
  const started = process.cpuUsage();
  for (const line of [text, `ERROR dcr ${text}`, `{"event":"dcr","error":${JSON.stringify(text)}}`])
    diagnoseLog([line]);
  const facts = factsOf(text, { mode: 'register', idpHosts: new Set(), frames: '', clientId: '' });
  for (const signature of SIGNATURES) strengthOf(signature, facts);
  otherReasonIn(text);
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1_000;
}

attacks('a line without an end', [
  {
    name: 'costs about twice as much when it is twice as long, whatever it is made of',
    attempt: () => ({
      shown: '',
      costs: PIECES.map((piece) => ({ piece, half: cost(piece, 100_000), whole: cost(piece, 200_000) })),
    }),
    happened: ({ costs }) => expect(costs.length).toBe(PIECES.length),
    outcome({ costs }) {
      // What takes no time at all has no ratio.
      const steep = costs.filter(({ half, whole }) => whole > 200 && whole / Math.max(half, 60) > 3);
      expect(steep).toEqual([]);
    },
  },
]);
