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

/** `npm run iat -- --json` from the folder of the compose file, as its own process; never throws for its exit code. */
export async function runIat(stack: DockerStack, adminToken: string, ...args: string[]): Promise<IatRun> {
  const reports = await mkdtemp(join(stack.folder, 'reports-'));
  const script = new URL('../../scripts/iat.ts', import.meta.url).pathname;
  const collection = new URL('../../collections/EmpowerNow.postman_collection.json', import.meta.url).pathname;
  const urls = ['--idp-url', stack.idpUrl, '--bff-url', stack.bffUrl];
  const fixed = ['--json', '--collection', collection, '--reports', reports, '--stable-for', '2', ...urls];
  const { exitCode, stdout, stderr } = await execa(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), script, ...fixed, ...args],
    {
      cwd: stack.folder,
      env: { ...withoutOwn(process.env), IAT_ADMIN_TOKEN: adminToken },
      extendEnv: false,
      reject: false,
    },
  );
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
