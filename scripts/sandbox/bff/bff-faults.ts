import type { ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BffFaultName } from '../faults.ts';
import { listen } from '../http.ts';
import { type BffSettings, locate } from './bff-settings.ts';
import { writeCredentials } from './credentials.ts';
import { type HealthReport, withStatus } from './health-routes.ts';
import { generateKey, type Jwk, type SigningKey } from './keys.ts';
import { exitAfterOutput, type Log } from './python-log.ts';

/** What a fault changes in the BFF, in the order in which it happens. */
export interface BffFault {
  /** Changes what the BFF reads from its environment. */
  readonly settings?: (settings: BffSettings) => BffSettings | Promise<BffSettings>;
  /** Before the first line. */
  readonly start?: (settings: BffSettings, log: Log) => void | Promise<void>;
  /** Another key to request tokens with. */
  readonly signingKey?: (key: SigningKey) => SigningKey;
  /** After the bootstrap, before it listens. */
  readonly booted?: (log: Log) => void | Promise<void>;
  /** What the JWKS endpoint serves. */
  readonly jwks?: (jwk: Jwk) => readonly Jwk[];
  /** What a health endpoint says, the `turn`th time one is asked. */
  readonly health?: (report: HealthReport, turn: number) => HealthReport;
  /** Answers a health request in its own way. */
  readonly answer?: (response: ServerResponse) => void;
  /** The BFF was found healthy for the first time. */
  readonly healthy?: (log: Log) => void;
}

/** A port where nothing listens: tcpmux, which needs root to open and has been out of use for decades. */
const CLOSED_PORT = 1;

const HTML = { 'Content-Type': 'text/html; charset=utf-8' };

/** A token that the IdP does not know. */
const STALE_IAT = 'sandbox-initial-access-token-of-last-week';

/** Colours, a window title, commands to a CI that reads the log, Windows line ends, binary, half a character. */
const GARBAGE = Buffer.concat([
  Buffer.from('\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b[2J\r\n::error::not for the CI\n##[error]nor this\n\n \t\n'),
  Buffer.from([0x00, 0x01, 0x08, 0x08, 0xff, 0xfe, 0xc3, 0x28, 0x0a, 0xe2, 0x82]),
  Buffer.from('\n{"event": "cut off in the mid\n'),
]);

/** What each fault of the BFF does; the number is the one given with its name. */
export const BFF_FAULTS: Readonly<Record<BffFaultName, (number: number | null) => BffFault>> = {
  // The stack does this one: there is no process that could.
  'never-starts': () => ({}),
  'exits-at-once': (code) => ({ start: () => process.exit(code ?? 3) }),
  // The exit code after SIGKILL, which Windows does not have.
  'out-of-memory': () => ({ booted: () => void process.exit(137) }),
  'crash-loop': () => ({ booted: crash }),
  'dies-in-bootstrap': () => ({ start: dieInBootstrap }),
  'dies-later': (seconds) => ({ healthy: (log) => void sleep((seconds ?? 2) * 1000).then(() => crash(log)) }),
  'port-in-use': () => ({ start: takePort }),
  'slow-start': (seconds) => ({ start: () => sleep((seconds ?? 3) * 1000) }),
  'silent-hang': () => ({ start: hang }),
  'never-logs': () => ({ settings: (settings) => ({ ...settings, log: 'silent' }) }),
  unhealthy: () => ({ health: breakSessions }),
  flapping: () => ({ health: (report, turn) => (turn % 2 === 0 ? breakSessions(report) : report) }),
  'health-404': () => ({ answer: (response) => void response.writeHead(404).end('{"detail":"Not Found"}') }),
  'health-html': () => ({ answer: (response) => void response.writeHead(200, HTML).end('<title>Sign in</title>') }),
  'health-redirect': () => ({ answer: (response) => void response.writeHead(302, { Location: '/login' }).end() }),
  'health-hang': () => ({ answer: () => {} }),
  'redis-down': () => ({ settings: (settings) => ({ ...settings, redisUrl: `redis://127.0.0.1:${CLOSED_PORT}/0` }) }),
  'kafka-unconfigured': () => ({ settings: (settings) => ({ ...settings, kafka: null }) }),
  'idp-unreachable': () => ({ settings: (settings) => ({ ...settings, idpUrl: `http://127.0.0.1:${CLOSED_PORT}` }) }),
  'idp-silent': () => ({ settings: behindSilence }),
  dns: () => ({ settings: (settings) => ({ ...settings, idpUrl: 'http://idp-app.invalid:8002' }) }),
  tls: () => ({ settings: behindUntrustedCertificate }),
  'jwks-missing-kid': () => ({ jwks: (jwk) => [{ ...jwk, kid: 'bff-sig-000' }] }),
  'invalid-client': () => ({ signingKey: ({ kid }) => generateKey(kid) }),
  'rat-invalid': () => ({ start: staleCredentials }),
  'iat-ignored': () => ({ settings: (settings) => ({ ...settings, iat: null }) }),
  'iat-mangled': () => ({ settings: (settings) => ({ ...settings, iat: settings.iat && `"${settings.iat}"` }) }),
  'bootstrap-skipped': () => ({ settings: (settings) => ({ ...settings, skipBootstrap: true }) }),
  'bootstrap-swallowed': () => ({ settings: (settings) => ({ ...settings, allowFailure: true, iat: STALE_IAT }) }),
  'log-flood': (megabytes) => ({ start: () => flood(megabytes ?? 20) }),
  'log-line': (megabytes) => ({ start: () => write(`${'x'.repeat((megabytes ?? 10) * 1024 * 1024)}\n`) }),
  'log-garbage': () => ({ start: () => write(GARBAGE) }),
  'leaks-token': () => ({ start: leakToken }),
};

function crash(log: Log): Promise<never> {
  log.exception('ms_bff.main', 'Unhandled exception in worker', [
    '  File "/app/ms_bff/src/main.py", line 87, in worker',
    '    await sessions.run_forever()',
    "RuntimeError: session store is in an unexpected state: 'closed'",
  ]);
  return exitAfterOutput(1);
}

/** The BFF may not write into the folder of its keys: an IAT does not help, and no signature matches the log. */
function dieInBootstrap({ credentialsPath }: BffSettings, log: Log): Promise<never> {
  log.server('INFO', 'Waiting for application startup.');
  log.info('ms_bff.bootstrap.dcr', 'DCR bootstrap starting');
  log.exception('ms_bff.main', 'Unhandled exception in lifespan', [
    '  File "/app/ms_bff/src/bootstrap/keys.py", line 31, in ensure_folder',
    '    path.touch()',
    `PermissionError: [Errno 13] Permission denied: '${credentialsPath}'`,
  ]);
  return exitAfterOutput(1);
}

async function takePort({ host, port }: BffSettings): Promise<void> {
  await listen(createServer().unref(), host, port);
}

/** Does nothing and never ends by itself; SIGTERM still ends it. */
function hang(): Promise<never> {
  return new Promise(() => setInterval(() => {}, 60_000));
}

function breakSessions({ components }: HealthReport): HealthReport {
  return withStatus({ ...components, sessions: { status: 'unhealthy', message: 'session store is closed' } });
}

/** Points the BFF to a TLS server with a self-signed certificate. */
async function behindUntrustedCertificate(settings: BffSettings): Promise<BffSettings> {
  const [https, { createCertificate }] = await Promise.all([import('node:https'), import('../certificate.ts')]);
  const server = https.createServer(await createCertificate('127.0.0.1')).unref();
  return { ...settings, idpUrl: `https://127.0.0.1:${await listen(server, '127.0.0.1', 0)}` };
}

/** Points the BFF to a server that takes connections and never answers. */
async function behindSilence(settings: BffSettings): Promise<BffSettings> {
  return { ...settings, idpUrl: `http://127.0.0.1:${await listen(createServer().unref(), '127.0.0.1', 0)}` };
}

/** Writes credentials whose token the IdP does not know. The way out is to replace the client by force, so then it does nothing. */
function staleCredentials(settings: BffSettings): void {
  if (settings.forceReplace) return;
  writeCredentials(locate(settings, settings.credentialsPath), {
    clientId: settings.clientId,
    rat: 'sandbox-registration-access-token-of-yesterday',
    secret: null,
  });
}

/** The BFF starts after it, so the lines that matter are at the end of the flood. */
async function flood(megabytes: number): Promise<void> {
  const line = `2026-01-01 00:00:00,000 - ms_bff.cache - DEBUG - ${'cache entry refreshed '.repeat(4)}\n`;
  const block = Buffer.from(line.repeat(Math.ceil((1024 * 1024) / line.length)));
  for (let written = 0; written < megabytes * 1024 * 1024; written += block.length) {
    await write(block);
  }
}

async function write(bytes: string | Buffer): Promise<void> {
  await new Promise((resolve) => process.stdout.write(bytes, resolve));
}

function leakToken({ iat }: BffSettings, log: Log): void {
  if (iat !== null)
    log.info('ms_bff.bootstrap.dcr', `Using initial access token ${iat}`, { authorization: `Bearer ${iat}` });
}
