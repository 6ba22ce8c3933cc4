import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { parse } from 'yaml';
import { argv, glob, $ as shell } from 'zx';
import { listServices, readEnvironment, setEnvironment, unsetEnvironment } from '../compose-file/environment.ts';
import { AppError } from '../core/errors.ts';

/**
 * Tries the compose editor on every service of every compose file below a directory, and lets compose judge: before and after
 * each edit `config` is asked, and only that one variable of that one service may differ.
 *
 *   npm run try-corpus -- DIR [--v1]
 *
 * `--v1` asks docker-compose instead of docker compose. Nothing is written in DIR. Exit code 1: a fault was found.
 */
const VARIABLE = 'DCR_IAT';

/** What a token may look like at worst; each edit takes the next one. */
const VALUES = [
  'test-only-initial-access-token-0001',
  'a$b$$c${d}',
  'say "hi" \\ there',
  "it's # not: a comment",
  '0123456789',
  '1e5',
  'true',
  '2024-01-01',
  '- x',
  '*abc',
  ' blank at both ends ',
  'é☃𝄞\u2028',
  '',
  '{{ curly }} [square], %&!|>@`',
];

type Outcome =
  | 'verified'
  | 'unchanged'
  | 'wrong value'
  | 'side effect'
  | 'broken file'
  | 'not restored'
  | 'crash'
  | 'not judged';

interface Counts {
  readonly outcomes: Map<string, number>;
  readonly refusals: Map<string, string[]>;
  readonly faults: string[];
}

type Config = { services?: Record<string, { environment?: Record<string, string> }> };

const directory = argv._[0];
if (!directory) {
  console.error('Which directory? npm run try-corpus -- DIR [--v1]');
  process.exit(2);
}
process.exit((await tryCorpus(directory, argv['v1'] === true)) ? 0 : 1);

async function tryCorpus(origin: string, isV1: boolean): Promise<boolean> {
  const files = (await glob(['**/*.yml', '**/*.yaml'], { cwd: origin, dot: true })).sort();
  const counts: Counts = { outcomes: new Map(), refusals: new Map(), faults: [] };
  const temp = await mkdtemp(join(tmpdir(), 'try-corpus-'));
  try {
    const queue = files.entries();
    const workers = Array.from({ length: Math.max(2, availableParallelism()) }, async (_, worker) => {
      // A copy for each worker: files refer to each other, and to themselves.
      const root = join(temp, String(worker));
      await cp(origin, root, { recursive: true });
      for (const [index, file] of queue) {
        await tryFile(join(root, file), relative(root, join(root, file)), index, isV1, counts);
        if (process.stderr.isTTY) process.stderr.write(`\r${index + 1} of ${files.length}`);
      }
    });
    await Promise.all(workers);
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
  print(files.length, counts);
  return counts.faults.length === 0;
}

async function tryFile(path: string, name: string, index: number, isV1: boolean, counts: Counts): Promise<void> {
  const source = new Uint8Array(await readFile(path));
  const env: Record<string, string> = {};
  const config = await baseline(path, isV1, env);
  count(counts, config ? 'files that compose accepts' : 'files that compose rejects');
  let services: readonly string[];
  try {
    services = listServices(source, name);
  } catch (error) {
    refused(counts, config !== null, error, name);
    return;
  }
  for (const [position, service] of services.entries()) {
    const own = ownVariables(source, service);
    const names = new Set([VARIABLE, own.at(0), own.at(-1)].filter((found) => found !== undefined));
    for (const [which, variable] of [...names].entries()) {
      const next = VALUES[(index + position + which) % VALUES.length] ?? '';
      // v1 prints the Unicode separators so that no reader gets them back.
      const value = isV1 ? next.replaceAll('\u2028', '') : next;
      const what = `${name}: ${service}.${variable} = ${JSON.stringify(value)}`;
      try {
        const { bytes, changes } = setEnvironment(source, service, { [variable]: value }, name);
        const isNew = which === 0 && !own.includes(variable);
        const isRestored = !isNew || sameBytes(unsetEnvironment(bytes, service, [variable], name).bytes, source);
        await writeFile(path, bytes);
        const after = config && changes.length > 0 ? await ask(path, isV1, env) : null;
        const outcome = changes.length === 0 ? 'unchanged' : judge(config, after, service, variable, value);
        note(counts, isRestored ? outcome : 'not restored', what);
      } catch (error) {
        refused(counts, config !== null, error, `${name}: ${service}.${variable}`);
        if (!(error instanceof AppError) || error.code === 'internal') note(counts, 'crash', `${what}: ${error}`);
      }
    }
  }
  await writeFile(path, source);
}

function ownVariables(source: Uint8Array, service: string): string[] {
  try {
    const entries = [...(readEnvironment(source, service) ?? [])];
    return entries.filter(([, entry]) => !entry.inherited).map(([variable]) => variable);
  } catch {
    return [];
  }
}

/** What compose makes of the file, with the env files and variables that it misses made up; null: it rejects the file. */
async function baseline(path: string, isV1: boolean, env: Record<string, string>): Promise<Config | null> {
  for (let attempt = 0; attempt < 12; attempt++) {
    const { config, problem } = await run(path, isV1, env);
    if (config) return config;
    const envFile = /env file (\S+) not found|find env file: (\S+)/.exec(problem);
    const variable = /required variable (\w+) is missing/.exec(problem)?.[1];
    const file = envFile?.[1] ?? envFile?.[2];
    if (file?.startsWith(dirname(path)))
      await shell({ quiet: true, nothrow: true })`mkdir -p ${dirname(file)} && touch ${file}`;
    else if (variable && env[variable] === undefined) env[variable] = 'stub';
    else return null;
  }
  return null;
}

async function ask(path: string, isV1: boolean, env: Record<string, string>): Promise<Config | null> {
  return (await run(path, isV1, env)).config;
}

async function run(
  path: string,
  isV1: boolean,
  env: Record<string, string>,
): Promise<{ config: Config | null; problem: string }> {
  const own = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...env };
  const $ = shell({ quiet: true, nothrow: true, cwd: dirname(path), env: own });
  const result = isV1
    ? await $`docker-compose -f ${path} config`
    : await $`docker compose -f ${path} --profile ${'*'} config --format json`;
  if (result.exitCode !== 0) return { config: null, problem: result.stderr };
  // v1 prints 0123456789 as it is: a text for YAML 1.1, a number for 1.2.
  const config = isV1 ? parse(result.stdout, { schema: 'failsafe', maxAliasCount: -1 }) : JSON.parse(result.stdout);
  return { config, problem: '' };
}

function judge(before: Config | null, after: Config | null, service: string, variable: string, value: string): Outcome {
  if (before === null) return 'not judged';
  if (after === null) return 'broken file';
  const { text: rest, value: effective } = without(after, service, variable);
  if (effective?.replaceAll('$$', '$') !== value) return 'wrong value';
  return rest === without(before, service, variable).text ? 'verified' : 'side effect';
}

/** Everything but that one variable, as text. */
function without(config: Config, service: string, variable: string): { text: string; value: string | undefined } {
  const copy = structuredClone(config);
  const found = copy.services?.[service];
  const value = found?.environment?.[variable];
  if (found?.environment) {
    delete found.environment[variable];
    if (Object.keys(found.environment).length === 0) delete found.environment;
  }
  return { text: JSON.stringify(copy), value };
}

function note(counts: Counts, outcome: Outcome, what: string): void {
  count(counts, outcome);
  if (!['verified', 'unchanged', 'not judged'].includes(outcome)) counts.faults.push(`${outcome}: ${what}`);
}

function refused(counts: Counts, isAccepted: boolean, error: unknown, what: string): void {
  const code = error instanceof AppError ? error.code : 'crash';
  count(counts, 'refused');
  const key = `${code}${isAccepted ? '' : ' (in a file that compose rejects)'}`;
  counts.refusals.set(key, [
    ...(counts.refusals.get(key) ?? []),
    `${what}: ${error instanceof Error ? error.message : ''}`,
  ]);
}

function count(counts: Counts, what: string): void {
  counts.outcomes.set(what, (counts.outcomes.get(what) ?? 0) + 1);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function print(files: number, { outcomes, refusals, faults }: Counts): void {
  console.log(`\n${files} files`);
  for (const [what, times] of [...outcomes].sort()) console.log(`${String(times).padStart(6)} ${what}`);
  for (const [code, places] of [...refusals].sort()) {
    console.log(`\n${places.length} refused, ${code}`);
    const isRoutine = code.startsWith('reference') || code.includes('rejects');
    for (const place of isRoutine ? places.slice(0, 3) : places) console.log(`       ${place}`);
    if (isRoutine && places.length > 3) console.log(`       … and ${places.length - 3} more`);
  }
  console.log(faults.length === 0 ? '\nNo fault.' : `\n${faults.length} FAULTS`);
  for (const fault of faults) console.log(`  ${fault}`);
}
