import { describe, expect, it } from 'vitest';
import { diagnoseLog, LogReader, type ReaderContext } from '../../scripts/bff/log-reader.ts';
import type { LogLine } from '../../scripts/core/result.ts';

const HINT = 'ERROR dcr Get new RAT/IAT from /api/admin/dcr/initial-access-tokens and update DCR_IAT';

function line(text: string): LogLine {
  return { at: null, stream: 'stdout', text };
}

/** What the reader says after each line, as `decided code`, where that changes. */
function readings(lines: readonly string[], context: ReaderContext = {}): string[] {
  const reader = new LogReader(context);
  const said: string[] = [];
  for (const text of lines) {
    const { decided, diagnosis } = reader.push(line(text));
    const now = `${decided} ${diagnosis.code}`;
    if (said.at(-1) !== now) said.push(now);
  }
  return said;
}

describe('LogReader', () => {
  it('decides at the line that is fatal, and not before', () => {
    expect(
      readings([
        'INFO:     Started server process [1]',
        'INFO dcr DCR bootstrap starting',
        'INFO dcr No cached client credentials',
        'ERROR dcr Client registration failed: 401 Unauthorized {"error":"invalid_token"}',
        HINT,
        'ERROR:    Application startup failed. Exiting.',
      ]),
    ).toEqual(['null unknown', 'bad iat-invalid']);
  });

  it('decides for good at the registration', () => {
    expect(readings(['INFO:     Waiting for application startup.', 'INFO dcr Client registered: bff-server'])).toEqual([
      'null unknown',
      'good registered',
    ]);
  });

  it('lets the root cause replace its consequence', () => {
    expect(
      readings([HINT, 'ERROR dcr Cannot reach IdP at http://idp-app:8002: [Errno 111] Connection refused']),
    ).toEqual(['bad unknown', 'bad idp-unreachable']);
  });

  it('does not decide while the BFF tries again', () => {
    expect(
      readings([
        'WARNING dcr DCR attempt 1/3 failed: Cannot connect to host idp-app:8002, retrying in 1s',
        'WARNING dcr DCR attempt 2/3 failed: 401 invalid_token, retrying in 2s',
        'INFO dcr Client registered: bff-server',
      ]),
    ).toEqual(['null idp-unreachable', 'null iat-invalid', 'good registered']);
  });

  it('decides on cached credentials only when the BFF is up', () => {
    expect(readings(['INFO dcr Using cached credentials', 'INFO:     Application startup complete.'])).toEqual([
      'null unknown',
      'good credentials-cached',
    ]);
  });

  it('waits for the renewal of a RAT where the BFF can renew it', () => {
    const lines = [
      'INFO dcr Cached client credentials found: bff-server',
      'WARNING dcr Registration access token (RAT) is invalid or expired: 401',
      'INFO dcr RAT renewed for bff-server',
      'INFO dcr JWKS rotated successfully',
    ];
    expect(readings(lines)).toContain('bad rat-invalid');
    expect(readings(lines, { env: { BOOTSTRAP_ADMIN_TOKEN: 'test-only-admin-token-0001' } })).toEqual([
      'null unknown',
      'null rat-invalid',
      'good credentials-cached',
    ]);
  });

  it('takes success back when the start fails after all', () => {
    expect(
      readings(['INFO dcr Client registered: bff-server', 'ERROR:    Application startup failed. Exiting.']),
    ).toEqual(['good registered', 'bad unknown']);
  });

  it('does not let Redis or Kafka decide', () => {
    expect(
      readings([
        'redis.exceptions.ConnectionError: Error 111 connecting to shared_redis:6379. Connection refused.',
        "ERROR aiokafka Unable to bootstrap from [('localhost', 9092, 0)]",
      ]),
    ).toEqual(['null redis-unavailable']);
  });

  it('forgets the start before', () => {
    const start = ['INFO:     Started server process [1]', 'INFO:     Waiting for application startup.'];
    expect(readings([...start, HINT, ...start, 'INFO dcr Client registered: bff-server'])).toEqual([
      'null unknown',
      'bad unknown',
      'null unknown',
      'good registered',
    ]);
  });

  it('says how the start before failed while the newest has come to nothing', () => {
    const start = ['INFO:     Started server process [1]', 'INFO:     Waiting for application startup.'];
    const diagnosis = diagnoseLog([...start, 'ERROR dcr IAT expired (401)', HINT, ...start]);
    expect(diagnosis).toMatchObject({ code: 'unknown', iatHelps: null, evidence: ['ERROR dcr IAT expired (401)'] });
    expect(diagnosis.cause).toMatch(/latest start .* the one before it failed: The IdP does not accept the IAT/);
    const up = diagnoseLog([...start, HINT, ...start, 'INFO:     Application startup complete.']);
    expect(up.cause).toMatch(/says nothing/);
  });

  it('tells how a start before ended that was well, and did not shut down', () => {
    const begin = 'INFO:     Started server process [1]';
    const well = [begin, 'INFO dcr Client registered: bff-server', 'INFO:     Application startup complete.'];
    const died = (...texts: string[]) => {
      const reader = new LogReader();
      for (const text of texts) reader.push(line(text));
      return reader.died;
    };
    const traceback = ['Traceback (most recent call last):', '  File "/app/gc.py", line 3', 'MemoryError: session_gc'];
    expect(died(...well, ...traceback, ...well)).toEqual(['MemoryError: session_gc']);
    expect(died(...well, 'killed by nobody', ...well)?.at(-1)).toBe('killed by nobody');
    expect(died(...well)).toBeNull();
    expect(died(...well, 'INFO:     Application shutdown complete.', ...well)).toBeNull();
    expect(
      died(begin, 'ERROR dcr 401 invalid_token', 'ERROR:    Application startup failed. Exiting.', ...well),
    ).toBeNull();
  });

  it('does not take what uvicorn logs as information for a reason', () => {
    const lines = ['{"event":"Started server process [1]","logger":"uvicorn.error","level":"info"}', HINT];
    expect(diagnoseLog(lines).evidence).toEqual([HINT]);
  });

  it('knows the IdP by its name in the environment', () => {
    const lines = ['ERROR http: Cannot connect to host sts.example.test:443'];
    expect(diagnoseLog(lines).code).toBe('unknown');
    expect(diagnoseLog(lines, { env: { IDP_BASE_URL: 'https://STS.example.test/oidc' } }).code).toBe('idp-unreachable');
  });

  it('names the way the connection failed', () => {
    expect(diagnoseLog(['ERROR dcr: SSLCertVerificationError at https://idp.test/register']).fix.text).toMatch(
      /\bCA\b/,
    );
    expect(diagnoseLog(['ERROR dcr: Name or service not known: idp-app']).cause).toMatch(/resolve/);
  });

  it('gives the hint itself as evidence where nothing else was said', () => {
    const diagnosis = diagnoseLog([HINT]);
    expect(diagnosis).toMatchObject({ code: 'unknown', iatHelps: null, evidence: [HINT] });
    expect(diagnosis.cause).toMatch(/only the general advice/);
  });

  it('gives the lines that look like the reason as evidence of an unknown failure', () => {
    const diagnosis = diagnoseLog([
      'INFO:     Waiting for application startup.',
      'ERROR:    Traceback (most recent call last):',
      '  File "/app/main.py", line 3, in lifespan',
      'ValueError: routes.yaml: duplicate path',
      'ERROR:    Application startup failed. Exiting.',
    ]);
    expect(diagnosis.evidence).toContain('ValueError: routes.yaml: duplicate path');
    expect(diagnosis.evidence).not.toContain('  File "/app/main.py", line 3, in lifespan');
  });
});

describe('what is written to stdout and stderr at the same time', () => {
  const STARTS = ['INFO:     Started server process [1]', 'INFO:     Waiting for application startup.'];
  const FAILED = 'ERROR:    Application startup failed. Exiting.';
  const TRACEBACK = ['Traceback (most recent call last):', '  File "/app/main.py", line 10', 'RuntimeError: startup'];
  const UP = ['INFO:     Application startup complete.', 'INFO:     Uvicorn running on http://0.0.0.0:8000'];
  const REFUSED = 'ERROR dcr POST http://idp-app:8002/api/oidc/register failed: [Errno 111] Connection refused';
  const starts = {
    'cannot reach the IdP': {
      out: ['INFO dcr registering client bff-server', REFUSED],
      err: [...STARTS, ...TRACEBACK, FAILED],
    },
    'is refused': {
      out: ['ERROR dcr Client registration failed: 401 {"error":"invalid_token"}'],
      err: [...STARTS, FAILED],
    },
    'has no token': {
      out: ['ERROR dcr No cached credentials and DCR_IAT is not set: cannot register'],
      err: [...STARTS, FAILED],
    },
    registers: {
      out: ['INFO dcr registering client bff-server', 'INFO dcr Client registered: bff-server'],
      err: [...STARTS, ...UP],
    },
    'has credentials': { out: ['INFO dcr Using cached client credentials'], err: [...STARTS, ...UP] },
  } as const;

  type Line = Omit<LogLine, 'at'>;
  const toLines = (stream: LogLine['stream'], texts: readonly string[]) =>
    texts.map((text): Line => ({ stream, text }));
  /** Every order in which they may be stamped. */
  function* merged(a: readonly Line[], b: readonly Line[]): Generator<Line[]> {
    if (a[0] === undefined || b[0] === undefined) return yield [...a, ...b];
    for (const rest of merged(a.slice(1), b)) yield [a[0], ...rest];
    for (const rest of merged(a, b.slice(1))) yield [b[0], ...rest];
  }
  const read = (starts: readonly (readonly Line[])[]) => {
    const reader = new LogReader();
    for (const [start, lines] of starts.entries())
      for (const [at, each] of lines.entries()) reader.push({ ...each, at: new Date(start * 1_000 + at) });
    const { decided, diagnosis } = reader.reading();
    return `${diagnosis.code} ${decided} ${reader.isUp}`;
  };

  it.each(Object.entries(starts))('one that %s says so in whatever order', (_, { out, err }) => {
    const [first, ...rest] = toLines('stderr', err);
    const orders = [...merged(toLines('stdout', out), rest)].map((each) => [...(first ? [first] : []), ...each]);
    const [usual = []] = orders.filter((each) => each.slice(0, 2).every(({ stream }) => stream === 'stderr'));
    const expected = read([usual, usual]);
    expect(expected).not.toContain('unknown');
    expect([...new Set(orders.flatMap((each) => [read([usual, each]), read([each, usual])]))]).toEqual([expected]);
  });
});

describe('diagnoseLog', () => {
  it('takes lines as text and as records', () => {
    const text = 'INFO dcr Client registered: bff-server';
    expect(diagnoseLog([text])).toEqual(diagnoseLog([{ at: null, stream: 'stderr', text }]));
  });
});

describe('the excerpt', () => {
  it('holds the decisive lines with their neighbours, and the last lines', () => {
    const reader = new LogReader();
    const noise = (count: number, name: string) => {
      for (let i = 0; i < count; i++) reader.push(line(`INFO ${name} ${i}`));
    };
    noise(500, 'before');
    reader.push(line('\u001b[31mERROR\u001b[0m dcr IAT expired (401)'));
    noise(500, 'after');
    const texts = reader.excerpt().map(({ text }) => text);
    expect(texts).toEqual([
      'INFO before 497',
      'INFO before 498',
      'INFO before 499',
      'ERROR dcr IAT expired (401)',
      'INFO after 0',
      'INFO after 1',
      'INFO after 2',
      ...Array.from({ length: 40 }, (_, i) => `INFO after ${460 + i}`),
    ]);
    expect(reader.excerpt().filter(({ meaning }) => meaning === 'bad').length).toBe(1);
  });

  it('stays bounded when every line is decisive and huge', () => {
    const reader = new LogReader();
    for (let i = 0; i < 400; i++) reader.push(line(`ERROR dcr IAT expired (401) ${i} ${'x'.repeat(20_000)}`));
    expect(reader.excerpt().length).toBeLessThanOrEqual(200);
    expect(Math.max(...reader.excerpt().map(({ text }) => text.length))).toBeLessThanOrEqual(8_192);
    expect(reader.diagnosis().evidence.join('').length).toBeLessThan(10_000);
  });

  it("takes the daemon's time from a timestamp in front", () => {
    const reader = new LogReader();
    reader.push(line('2026-03-02T08:14:11.204518291Z text'));
    expect(reader.excerpt()[0]).toEqual({
      at: new Date('2026-03-02T08:14:11.204Z'),
      stream: 'stdout',
      text: 'text',
      meaning: 'plain',
    });
  });
});
