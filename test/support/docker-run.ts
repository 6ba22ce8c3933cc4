import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { execa } from 'execa';
import type { ResultDocument } from '../../scripts/report/result-json.ts';
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
export function runIat(stack: DockerStack, adminToken: string, ...args: string[]): Promise<IatRun> {
  return runScript(stack, 'iat', ['--idp-url', stack.idpUrl, ...args], { IAT_ADMIN_TOKEN: adminToken });
}

/** `npm run iat:clear -- --json -f FILE`, likewise. */
export function runClear(stack: DockerStack, ...args: string[]): Promise<IatRun> {
  return runScript(stack, 'iat:clear', args, {});
}

async function runScript(
  stack: DockerStack,
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<IatRun> {
  const reports = await mkdtemp(join(stack.folder, 'reports-'));
  const fixed = [
    '--json',
    '-f',
    stack.composeFile,
    '--reports',
    reports,
    '--stable-for',
    '2',
    '--bff-url',
    stack.bffUrl,
  ];
  const { exitCode, stdout, stderr } = await execa('npm', ['run', '--silent', script, '--', ...fixed, ...args], {
    cwd: new URL('../../', import.meta.url),
    env: { ...withoutOwn(process.env), ...env },
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
