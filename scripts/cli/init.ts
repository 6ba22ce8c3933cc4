import { basename, dirname, join, relative } from 'node:path';
import { listServices } from '../compose-file/environment.ts';
import { decodeSource, encodeSource, REFUSED_IN_DOTENV } from '../compose-file/source-text.ts';
import { AppError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { addIgnores, addScripts, addVariables, type Edited, type EnvValues, isNamed } from './init-files.ts';
import { OPTIONS } from './options.ts';
import { printFailure } from './print-failure.ts';
import { runCommand, type Session } from './session.ts';
import type { Settings } from './settings.ts';
import type { openOutside } from './wiring.ts';

/** Copied as they are. */
const COLLECTIONS = ['EmpowerNow.postman_collection.json', 'lab.postman_environment.json'];

/** What is to be written into one file. */
interface Addition {
  /** Below the folder. */
  readonly path: string;
  /** null: there is no such file. */
  readonly before: Uint8Array | null;
  readonly after: Uint8Array;
  /** What is added, in words; '': it is a new file. */
  readonly what: string;
}

interface Plan {
  readonly additions: readonly Addition[];
  /** What is there already and stays, each in words. */
  readonly kept: readonly string[];
}

/** `bff-iat init` from arguments to exit code: 1 where the answer was no. */
export function init(process: Parameters<typeof openOutside>[0]): Promise<number> {
  return runCommand('init', process, async (session, { settings }) => {
    try {
      if (settings instanceof Error) throw settings;
      return await runInit(session, settings);
    } catch (error) {
      return printFailure(session, error);
    }
  });
}

/** @returns the exit code. Throws what is wrong, before anything is written */
export async function runInit(session: Session, settings: Settings): Promise<number> {
  const { human, redact, outside } = session;
  const { host, files } = outside;
  const say = (...lines: string[]) => human.print(...lines.map((text) => ({ text: redact(text), indent: '    ' })));
  const { additions, kept } = await planInit(session, settings);
  if (kept.length > 0) say('There already, and left as it is:', ...kept.map((each) => `  ${each}`), '');
  if (additions.length === 0) {
    say('There is nothing to do.');
    return 0;
  }
  say(`To be written in ${host.cwd}:`);
  const width = Math.max(...additions.map(({ path }) => path.length));
  say(...additions.map(({ path, what }) => (what === '' ? `  ${path}` : `  ${path.padEnd(width)}  ${what}`)), '');
  if (settings.dryRun) {
    say('Nothing was written, because of --dry-run.');
    return 0;
  }
  const answer = settings.yes || (await outside.confirm('Write this?', human));
  if (answer === null) {
    throw new AppError('usage', 'Nobody can be asked here, so nothing was written.', {
      hint: { text: 'To write it without being asked:', command: 'npx bff-iat init --yes' },
    });
  }
  if (!answer) {
    say('Nothing was written.');
    return 1;
  }
  for (const { path, before, after } of additions) {
    const whole = join(host.cwd, path);
    await (before === null ? outside.writeNew(whole, after) : files.replace(whole, before, after));
  }
  say('Written. To see what a run would do, which changes nothing:', '  npx bff-iat iat --dry-run');
  return 0;
}

async function planInit(session: Session, settings: Settings): Promise<Plan> {
  const additions: Addition[] = [];
  const kept: string[] = [];
  const edit = async (path: string, isMade: boolean, change: (text: string) => Edited | Promise<Edited>) => {
    const before = await readHere(session, path);
    if (before === 'elsewhere') return void kept.push(`${path}, which is a link to another place`);
    if (before === null && !isMade) return;
    const text = before === null ? '' : decodeSource(before, path, REFUSED_IN_DOTENV).text;
    const edited = await change(text);
    if (edited.kept.length > 0) kept.push(`${path}: ${edited.kept.join(', ')}`);
    if (edited.added.length === 0) return;
    additions.push({ path, before, after: encodeSource(edited.text), what: edited.added.join(', ') });
  };
  await edit('package.json', false, (text) => {
    const edited = addScripts(text);
    return { ...edited, added: edited.added.map((name) => `npm run ${name}`) };
  });
  for (const name of COLLECTIONS) {
    const path = `collections/${name}`;
    const before = await readHere(session, path);
    if (before === 'elsewhere') kept.push(`${path}, which would be in another place: collections is a link`);
    else if (before !== null) kept.push(path);
    else additions.push({ path, before, after: await readPackaged(session, path), what: '' });
  }
  await edit('.env.example', true, async (text) =>
    addVariables(text, isNamed(text, 'IAT_SERVICE') ? NOTHING_KNOWN : await askForValues(session, settings)),
  );
  await edit('.gitignore', true, addIgnores);
  return { additions, kept };
}

async function readPackaged({ outside }: Session, path: string): Promise<Uint8Array> {
  const bytes = await outside.files.read(join(outside.host.packageFolder, path));
  if (bytes !== null) return bytes;
  throw new AppError('file-io', `The package lacks its own ${path}.`, { hint: 'Install it again.' });
}

/** A file of the folder; `elsewhere`: its name leads out of it, or to another name in it. null: it is not there. */
async function readHere({ outside }: Session, path: string): Promise<Uint8Array | 'elsewhere' | null> {
  const { files, host, realPath } = outside;
  const folder = realPath(host.cwd) ?? host.cwd;
  const whole = join(host.cwd, path);
  for (const part of [path, dirname(path)]) {
    const real = realPath(join(host.cwd, part));
    // Systems that do not tell cases apart give the name as it is on the disk.
    if (real !== null && real.toLowerCase() !== join(folder, part).toLowerCase()) return 'elsewhere';
  }
  return files.read(whole);
}

const NOTHING_KNOWN: EnvValues = { composeFile: null, service: null };

/** What .env.example is to hold: the compose file where one was named, and the service, which is asked for where it is not clear. */
async function askForValues({ outside, human, redact }: Session, settings: Settings): Promise<EnvValues> {
  const { host, files } = outside;
  const named = settings.composeFiles;
  const found = await outside.findComposeFiles(named).catch((error: unknown) => {
    if (named !== null) throw error;
    return [];
  });
  const services = new Set<string>();
  for (const file of found) {
    const bytes = await files.read(file);
    for (const name of bytes === null ? [] : listServices(bytes, file)) services.add(name);
  }
  const here = (file: string) => relative(host.cwd, file).replaceAll('\\', '/') || basename(file);
  const composeFile = named === null ? null : named.map(here).join(host.platform === 'win32' ? ';' : ':');
  if (services.size === 0 || services.has(settings.service)) return { composeFile, service: settings.service };
  const [first = '', ...others] = [...services].filter((name) => /bff/i.test(name));
  const guess = others.length === 0 ? first : '';
  const names = [...services].join(', ');
  const where = found.map(here).join(', ');
  const question = `Which service of ${where} is the BFF: ${names}?${guess === '' ? '' : ` [${guess}]`} `;
  const typed = settings.service === OPTIONS.service.fallback ? null : settings.service;
  const isAsked = typed === null && !settings.yes && !settings.dryRun;
  const answer = isAsked ? await outside.ask(redact(question), human) : typed;
  const service = answer?.trim() || guess || null;
  if (service !== null && !services.has(service)) {
    const [meant] = nearest(service, services);
    throw new AppError('service-not-found', `There is no service ${service} in ${where}.`, {
      hint: meant === undefined ? `There are: ${names}.` : `Did you mean ${meant}?`,
    });
  }
  return { composeFile, service };
}
