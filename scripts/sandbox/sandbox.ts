import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { AppError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { formatFault, isBffFault, parseFault } from './faults.ts';
import { findFreePort } from './http.ts';
import { createStack, type SandboxStack } from './sandbox-stack.ts';
import { endProcess, exitOf, startProgram } from './stack/process.ts';
import type { RestartPolicy } from './stack/services.ts';
import { ENV_FILE, renderComposeFile } from './stack/template.ts';

export interface SandboxOptions {
  /** Where compose file, volumes and logs go; made where it does not exist. */
  readonly dir: string;
  /** Aborting closes the sandbox. */
  readonly signal: AbortSignal;
  /** A name of `FAULTS`, or `name:number`. */
  readonly fault?: string | null;
  /** Puts a used-up token into DCR_IAT, instead of no such line. */
  readonly staleIat?: boolean;
  /** Default `unless-stopped`: a BFF that fails is started again and again. */
  readonly restart?: RestartPolicy;
  /** How the BFF writes its log. Default plain. */
  readonly log?: 'plain' | 'json';
  /** Starts the BFF as well. Without, the caller does it by `stack.up()`. */
  readonly startBff?: boolean;
}

export interface Sandbox {
  readonly stack: SandboxStack;
  readonly idpUrl: string;
  readonly bffUrl: string;
  /** What the IdP's admin route accepts; made for this run. */
  readonly adminToken: Secret;
  /** Absolute path. */
  readonly composeFile: string;
  close(): Promise<void>;
}

/** A token that no IdP has ever given out. */
const STALE_IAT = 'sandbox-initial-access-token-of-yesterday';

/**
 * Starts the sandbox: its IdP as a process, and a stack for the BFF over a fresh compose file of the documented shape.
 * Resolves when the IdP answers.
 *
 * @throws AppError `bad-value` for an unknown fault, `internal` when the IdP does not start
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { signal } = options;
  signal.throwIfAborted();
  const dir = resolve(options.dir);
  const fault = options.fault ? parseFault(options.fault) : null;
  const bffFault = fault !== null && isBffFault(fault) ? formatFault(fault) : null;
  const idpFault = fault !== null && bffFault === null ? formatFault(fault) : null;
  const adminToken = new Secret(randomBytes(32).toString('base64url'), 'admin token');
  const [idpPort, bffPort] = [await findFreePort(), await findFreePort()];

  const idp = startIdpProcess(idpPort, adminToken, idpFault);
  const composeFile = join(dir, 'docker-compose-authzen4.yml');
  await mkdir(dir, { recursive: true });
  const idpUrl = `http://127.0.0.1:${idpPort}`;
  const compose = renderComposeFile({
    idpBaseUrl: `${idpUrl}/api/oidc`,
    port: bffPort,
    restart: options.restart ?? 'unless-stopped',
    iat: options.staleIat ? STALE_IAT : null,
  });
  await writeFile(composeFile, compose);
  await writeFile(join(dir, ENV_FILE), 'LOG_LEVEL=info\n');
  const stack = createStack({ composeFile, dir, fault: bffFault, log: options.log ?? 'plain' });

  let closed: Promise<void> | null = null;
  const close = () => {
    signal.removeEventListener('abort', close);
    closed ??= Promise.all([stack.close(), idp.end()]).then(() => {});
    return closed;
  };
  signal.addEventListener('abort', close, { once: true });
  // Without a token and without a fault of its own the BFF fails before it asks the IdP: then it need not wait for it.
  const isIndependent = !options.staleIat && bffFault === null;
  const startBff = async () => {
    if (options.startBff) await stack.up(signal);
  };
  try {
    if (isIndependent) await Promise.all([idp.ready, startBff()]);
    else await idp.ready.then(startBff);
    signal.throwIfAborted();
  } catch (error) {
    await close();
    // An interruption ends the IdP, which then says that it did not start.
    signal.throwIfAborted();
    throw error;
  }
  return { stack, idpUrl, bffUrl: `http://127.0.0.1:${bffPort}`, adminToken, composeFile, close };
}

/** The IdP as a process of its own. `ready` rejects with AppError `internal` when it does not start. */
export function startIdpProcess(port: number, adminToken: Secret, fault: string | null) {
  const child = startProgram('idp', {
    SANDBOX_PORT: String(port),
    SANDBOX_ADMIN_TOKEN_FILE: '-',
    ...(fault === null ? {} : { SANDBOX_IDP_FAULT: fault }),
  });
  child.stdin.write(`${adminToken.reveal()}\n`);
  const exited = exitOf(child);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr = (stderr + chunk).slice(-4_000);
  });
  const ready = new Promise<void>((done, failed) => {
    child.stdout.once('data', () => done());
    void exited.then(() => {
      const cause = new Error(stderr);
      failed(new AppError('internal', 'The IdP of the sandbox did not start.', { cause }));
    });
  });
  ready.catch(() => {});
  return { ready, end: () => endProcess(child, exited) };
}
