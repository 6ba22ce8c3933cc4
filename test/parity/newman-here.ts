import { parseArgs } from 'node:util';
import newman from 'newman';
import type { Case } from '../../scripts/maintenance/parity/cases.ts';
import type { Observed } from '../../scripts/maintenance/parity/compare.ts';
import type { Echo } from '../../scripts/maintenance/parity/echo.ts';
import { newmanExecutions, type Summary } from '../../scripts/maintenance/parity/run.ts';

/** What `newman run` is told in the fixtures, as its command line has it. */
const OPTIONS = {
  folder: { type: 'string', multiple: true },
  'env-var': { type: 'string', multiple: true },
  'global-var': { type: 'string', multiple: true },
  'iteration-count': { type: 'string', short: 'n' },
  'timeout-request': { type: 'string' },
  'timeout-script': { type: 'string' },
  'delay-request': { type: 'string' },
  'ignore-redirects': { type: 'boolean' },
  insecure: { type: 'boolean', short: 'k' },
} as const;

/** Runs a case through Newman as a library, as its command line does (newman, bin/newman.js); the proxy is in `process.env`. */
export async function runNewmanHere(each: Case, echo: Echo): Promise<Observed> {
  // Newman's own parser knows an option whose value may be left out.
  const [bail, args] = takeBail(each.args);
  const { values } = parseArgs({ args, options: OPTIONS });
  const number = (text: string | undefined) => (text === undefined ? undefined : Number(text));
  const pairs = (texts: readonly string[] = []) =>
    texts.map((text) => ({ key: text.split('=')[0] ?? '', value: text.split('=').slice(1).join('=') }));
  const options = {
    ...{ collection: each.collection, environment: each.environment, globals: each.globals, iterationData: each.data },
    ...{ workingDir: each.cwd, reporters: [], bail },
    folder: values.folder,
    envVar: pairs(values['env-var']),
    globalVar: pairs(values['global-var']),
    iterationCount: number(values['iteration-count']),
    timeoutRequest: number(values['timeout-request']),
    timeoutScript: number(values['timeout-script']),
    delayRequest: number(values['delay-request']),
    ignoreRedirects: values['ignore-redirects'],
    insecure: values.insecure,
  };
  echo.take();
  const { error, summary } = await new Promise<{ error: Error | null; summary?: Summary & Failures }>((resolve) => {
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value != null));
    newman.run(given as never, (error, summary) =>
      resolve({ error, summary: summary as unknown as Summary & Failures }),
    );
  });
  const failures = summary?.run?.failures?.length ?? 0;
  return {
    exitCode: error || summary?.run?.error || failures > 0 ? 1 : 0,
    arrivals: echo.take(),
    // A report has plain data, and there is none where the run broke.
    executions: newmanExecutions(error ? null : JSON.parse(JSON.stringify(summary))),
    output: error?.message ?? '',
  };
}

interface Failures {
  readonly run?: { readonly failures?: readonly unknown[]; readonly error?: unknown };
}

function takeBail(args: readonly string[]): [bail: true | string[] | undefined, rest: string[]] {
  const at = args.indexOf('--bail');
  if (at < 0) return [undefined, [...args]];
  const modifier = args[at + 1]?.startsWith('-') === false ? args[at + 1] : undefined;
  return [modifier?.split(',') ?? true, args.toSpliced(at, modifier === undefined ? 1 : 2)];
}
