import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { RunName } from '../../scripts/cli/commands.ts';
import { Secret } from '../../scripts/core/secret.ts';
import { formatFault, isBffFault, isIdpFault, parseFault } from '../../scripts/sandbox/faults.ts';
import { findFreePort } from '../../scripts/sandbox/http.ts';
import { startIdp } from '../../scripts/sandbox/idp-server.ts';
import type { Sandbox } from '../../scripts/sandbox/sandbox.ts';
import { createStack } from '../../scripts/sandbox/sandbox-stack.ts';
import { ENV_FILE, renderComposeFile } from '../../scripts/sandbox/stack/template.ts';
import { type EndedHere, runHere } from './in-process.ts';

export interface StoryOptions {
  /** A name of `FAULTS`, or `name:number`. */
  readonly fault?: string;
  /** DCR_IAT holds a token that no IdP knows, instead of no such line. */
  readonly staleIat?: boolean;
  /** Default `no`: a BFF that fails stays so. */
  readonly restart?: 'no' | 'always';
  /** Default true. */
  readonly startBff?: boolean;
}

/** Commands against one sandbox, with a real IdP, BFF processes and files, one after the other as in real life. */
export interface Story {
  readonly home: string;
  readonly sandbox: Sandbox;
  /** Runs a command in this process; reports stay in `home` from run to run. */
  run(command: RunName, ...args: string[]): Promise<EndedHere>;
  compose(): Promise<string>;
  /** The token's value in the compose file; null: none. */
  written(): Promise<string | null>;
  /** The token's value in the container that runs now; undefined: none. */
  token(): Promise<string | undefined>;
}

const COLLECTION = fileURLToPath(new URL('../../collections/EmpowerNow.postman_collection.json', import.meta.url));
const STALE_IAT = 'test-only-initial-access-token-of-yesterday';

/** Opens a sandbox in a folder of its own; both end with the test. */
export async function openStory(options: StoryOptions = {}): Promise<Story> {
  const home = await mkdtemp(join(await realpath(tmpdir()), 'iat-test-'));
  const sandbox = await openSandbox(join(home, 'sandbox'), options);
  onTestFinished(async () => {
    await sandbox.close();
    await rm(home, { recursive: true, force: true });
  });
  const { signal } = new AbortController();
  if (options.startBff !== false) await sandbox.stack.up(signal);
  const compose = () => readFile(sandbox.composeFile, 'utf8');
  return {
    home,
    sandbox,
    compose,
    written: async () => /^\s*DCR_IAT: *"?([^"\s]+)"?/m.exec(await compose())?.[1] ?? null,
    token: async () => (await sandbox.stack.instances(signal))[0]?.env['DCR_IAT'],
    run(command, ...args) {
      const atOnce = command === 'iat' || command === 'clear' ? ['--stable-for', '0'] : [];
      const env = { PATH: process.env['PATH'] ?? '' };
      return runHere(['--collection', COLLECTION, ...atOnce, ...args], { command, cwd: home, env, sandbox });
    },
  };
}

/** As `startSandbox`, with the IdP in this process: as a process of its own it takes a second of processor time to start. */
async function openSandbox(dir: string, options: StoryOptions): Promise<Sandbox> {
  const fault = options.fault === undefined ? null : parseFault(options.fault);
  const adminToken = new Secret(`test-only-${randomBytes(24).toString('base64url')}`, 'admin token');
  const idp = await startIdp({
    tokens: { admin: adminToken, powerless: null },
    fault: fault !== null && isIdpFault(fault) ? fault : null,
  });
  const port = await findFreePort();
  const composeFile = join(dir, 'docker-compose-authzen4.yml');
  await mkdir(dir);
  const terms = { port, restart: options.restart ?? 'no', iat: options.staleIat ? STALE_IAT : null };
  await writeFile(composeFile, renderComposeFile({ idpBaseUrl: `${idp.url}/api/oidc`, ...terms }));
  await writeFile(join(dir, ENV_FILE), 'LOG_LEVEL=info\n');
  const bffFault = fault !== null && isBffFault(fault) ? formatFault(fault) : null;
  const stack = createStack({ composeFile, dir, fault: bffFault, log: 'plain' });
  let closed: Promise<void> | null = null;
  const close = () => {
    closed ??= Promise.all([stack.close(), idp.close()]).then(() => {});
    return closed;
  };
  return { stack, adminToken, idpUrl: idp.url, bffUrl: `http://127.0.0.1:${port}`, composeFile, close };
}
