import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { execa } from 'execa';
import type { ResultDocument } from '../../scripts/report/result.ts';
import type { DockerStack } from './docker-stack.ts';

export interface IatRun {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** What `--json` printed. */
  readonly document: ResultDocument;
  readonly reports: string;
}

/** `npm run iat -- --json -f FILE`, as its own process; never throws for its exit code. */
export async function runIat(stack: DockerStack, adminToken: string, ...args: string[]): Promise<IatRun> {
  const reports = await mkdtemp(join(stack.folder, 'reports-'));
  const urls = ['--idp-url', stack.idpUrl, '--bff-url', stack.bffUrl];
  const fixed = ['--json', '-f', stack.composeFile, '--reports', reports, '--stable-for', '2', ...urls];
  const { exitCode, stdout, stderr } = await execa('npm', ['run', '--silent', 'iat', '--', ...fixed, ...args], {
    cwd: new URL('../../', import.meta.url),
    env: { ...withoutOwn(process.env), IAT_ADMIN_TOKEN: adminToken },
    extendEnv: false,
    reject: false,
  });
  return { exitCode, stdout, stderr, document: parse(stdout, stderr), reports };
}

/** Whoever runs the tests may have settings for the real thing. */
function withoutOwn(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(IAT|COMPOSE|npm)_/.test(name)));
}

function parse(stdout: string, stderr: string): ResultDocument {
  try {
    return JSON.parse(stdout) as ResultDocument;
  } catch {
    throw new Error(`--json printed no JSON document:\n${stdout}\n${stderr}`);
  }
}
