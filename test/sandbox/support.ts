import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { Secret } from '../../scripts/core/secret.ts';
import type { IdpFaultName } from '../../scripts/sandbox/faults.ts';
import { type Answer, ask } from '../../scripts/sandbox/http.ts';
import { type Idp, type IdpOptions, startIdp } from '../../scripts/sandbox/idp-server.ts';

export const ADMIN = 'test-only-admin-token-0001';
export const POWERLESS = 'test-only-admin-token-without-rights';
export const MINT = '/api/admin/dcr/initial-access-tokens';

const cleanups: (() => unknown)[] = [];

// After the file, not after the test: tests that wait for processes run at the same time.
afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

/** Runs when the tests of this file are over, last come first. */
export function atTheEnd(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

/** A folder that is gone after the tests. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sandbox-test-'));
  atTheEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An IdP in this process, closed after the tests. */
export async function idp(options: Partial<IdpOptions> = {}): Promise<Idp> {
  const tokens = { admin: new Secret(ADMIN, 'admin token'), powerless: new Secret(POWERLESS, 'powerless token') };
  const started = await startIdp({ tokens, ...options });
  atTheEnd(() => started.close());
  return started;
}

export function fault(name: IdpFaultName, number: number | null = null) {
  return { name, number };
}

/** Asks with a Bearer token and a JSON body. */
export function call(method: string, url: string, token: string | null, body?: object): Promise<Answer> {
  const headers = {
    ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
  };
  return ask(url, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

export async function mint(url: string, terms: object = {}): Promise<string> {
  const answer = await call('POST', url + MINT, ADMIN, { label: 'test', expires_in: 60, max_usages: 1, ...terms });
  return json(answer).token as string;
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into, member by member
export function json(answer: Answer): Record<string, any> {
  return JSON.parse(answer.text);
}

export interface BffProcess {
  readonly child: ChildProcess;
  /** Everything it wrote so far. */
  output(): string;
  /** Resolves as soon as the text was written; rejects when the process ends without it. */
  wrote(text: string): Promise<void>;
  /** The exit code, when it has ended. */
  readonly ended: Promise<number | null>;
}

const MAIN = fileURLToPath(new URL('../../scripts/sandbox/bff-main.ts', import.meta.url));

/** The BFF as a process of its own, with just this environment; killed after the tests. */
export function bffProcess(env: Readonly<Record<string, string>>): BffProcess {
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx/esm'), MAIN], {
    env: { PATH: process.env['PATH'], BFF_PORT: '0', DCR_ENABLED: 'true', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let text = '';
  let listeners: (() => void)[] = [];
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      for (const listener of listeners) listener();
    });
  }
  atTheEnd(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return {
    child,
    output: () => text,
    ended,
    wrote: (wanted) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!text.includes(wanted)) return;
          listeners = listeners.filter((each) => each !== look);
          resolve();
        };
        listeners.push(look);
        look();
        void ended.then(() => reject(new Error(`ended without "${wanted}":\n${text.slice(-3_000)}`)));
      }),
  };
}

/** Where the BFF listens, once it does. */
export async function listening(bff: BffProcess): Promise<string> {
  await bff.wrote('Press CTRL+C');
  return /Uvicorn running on (\S+)/.exec(bff.output())?.[1] ?? '';
}
