import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { jsonOrNull } from '../../core/json.ts';
import type { ResultDocument } from '../../report/result-json.ts';
import type { Case } from './cases.ts';
import type { Execution, Observed } from './compare.ts';
import type { Echo } from './echo.ts';

const NEWMAN = fileURLToPath(import.meta.resolve('newman/bin/newman.js'));
const OURS = fileURLToPath(new URL('../../run.mjs', import.meta.url));

export type Tool = 'newman' | 'ours';

/** Runs a case through the command line of a tool. After `limitMs` it is ended, and the exit code is `time limit`. */
export async function runCommand(tool: Tool, each: Case, echo: Echo, limitMs: number): Promise<Observed> {
  const temp = await mkdtemp(join(tmpdir(), 'parity-run-'));
  const report = join(temp, 'newman.json');
  const own =
    tool === 'newman'
      ? [NEWMAN, 'run', ...argsOf(each), '-r', 'json', '--reporter-json-export', report]
      : [OURS, 'collection', ...argsOf(each), '--reports', join(temp, 'reports'), '--json'];
  try {
    echo.take();
    const { exitCode, stdout, stderr, timedOut } = await execa(process.execPath, own, {
      cwd: each.cwd,
      // No `.newmanrc`, and no settings of the person who runs this.
      env: { PATH: process.env['PATH'] ?? '', HOME: temp, ...proxyVariables(echo) },
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
      timeout: limitMs,
      killSignal: 'SIGKILL',
      maxBuffer: 200_000_000,
    });
    const document = jsonOrNull(tool === 'newman' ? await readFile(report, 'utf8').catch(() => '') : stdout);
    return {
      exitCode: timedOut ? 'time limit' : (exitCode ?? 'killed'),
      arrivals: echo.take(),
      executions: tool === 'newman' ? newmanExecutions(document as Summary) : ownExecutions(document as ResultDocument),
      output: stderr === '' ? stdout : stderr,
    };
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

/** The same options for both, in Newman's spelling. */
export function argsOf({ collection, environment, globals, data, args }: Case): string[] {
  const option = (name: string, value: string | null) => (value === null ? [] : [name, value]);
  return [collection, ...option('-e', environment), ...option('-g', globals), ...option('-d', data), ...args];
}

/** What makes both ask the echo for everything. */
export function proxyVariables({ proxy }: Echo): Record<string, string> {
  return { HTTP_PROXY: proxy, HTTPS_PROXY: proxy };
}

/** What is read of Newman's json report. */
export interface Summary {
  readonly run?: {
    readonly executions?: readonly {
      readonly cursor?: { readonly ref?: string; readonly scriptId?: string };
      readonly item?: { readonly name?: unknown };
      readonly request?: object;
      readonly response?: { readonly code?: number };
      readonly assertions?: readonly {
        readonly assertion?: unknown;
        readonly skipped?: boolean;
        readonly error?: unknown;
      }[];
      readonly prerequestScript?: readonly RanScript[];
      readonly testScript?: readonly RanScript[];
    }[];
  };
}

interface RanScript {
  readonly error?: { readonly name?: string };
}

export function newmanExecutions(summary: Summary | null): Execution[] | null {
  if (summary === null) return null;
  const executions = summary.run?.executions ?? [];
  // A request that is sent again with its authorization is there twice, and so are those that scripts send.
  const last = executions.filter(({ cursor }, index) => executions[index + 1]?.cursor?.ref !== cursor?.ref);
  return last.map((execution) => ({
    name: toText(execution.item?.name ?? ''),
    // What a script sent last has taken the place of the request.
    status: execution.cursor?.scriptId === undefined ? (execution.response?.code ?? null) : undefined,
    isScriptBroken: [...(execution.prerequestScript ?? []), ...(execution.testScript ?? [])].some(
      // A failed check that ends the run is one of its checks as well.
      ({ error }) => error !== undefined && error.name !== 'AssertionFailure',
    ),
    checks: (execution.assertions ?? []).map(({ assertion, skipped, error }) => ({
      name: String(assertion ?? ''),
      status: skipped ? 'skipped' : error ? 'failed' : 'passed',
    })),
  }));
}

export function ownExecutions(result: Pick<ResultDocument, 'requests'> | null): Execution[] {
  // One that a script skipped has no method, and is no execution in Newman's report.
  const sent = (result?.requests ?? []).filter(({ method, error }) => method !== '' || error !== null);
  return sent.map(({ name, status, error, checks }) => ({
    name,
    status,
    isScriptBroken: error?.kind === 'script',
    checks: checks.map((check) => ({ name: check.name, status: check.status })),
  }));
}

/** A name may be anything in a broken collection. */
function toText(name: unknown): string {
  return typeof name === 'string' ? name : JSON.stringify(name);
}
