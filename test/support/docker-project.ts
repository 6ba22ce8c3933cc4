import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { documentOf, ownEnvironment } from './command.ts';
import { type Compose, createProjectName, removeProjects } from './docker.ts';
import { provideNodeImage } from './docker-image.ts';
import { runHere } from './in-process.ts';
import { sendJson, serve } from './server.ts';
import { createHome } from './stand-in.ts';

/** What each `bff` of these files needs besides the token, so that nothing else has to be set. */
export const SETTINGS = `      DCR_ENABLED: "true"
      SKIP_DCR_BOOTSTRAP: "false"
      ALLOW_BOOTSTRAP_FAILURE: "false"
      IDP_BASE_URL: http://idp-app:8002
`;

/** A service that starts at once, says that it is registered, and ends when it is told to. */
export const SERVICE = `image: "@image@"
    command: ["node", "-e", "process.once('SIGTERM', () => process.exit()); setInterval(() => {}, 1000); console.log('Client registered: bff-server')"]
`;

/** A compose file of one service, `bff`, with the settings and these lines of environment. */
export const bffWith = (...entries: string[]) =>
  `version: "3.8"\nservices:\n  bff:\n    ${SERVICE}    environment:\n${SETTINGS}${entries.map((entry) => `      ${entry}\n`).join('')}`;

export const ADMIN_TOKEN = 'test-only-admin-7uN2cX5vKq9Tz4Hb';
export const OLD = 'test-only-initial-access-token-old';
export const IAT = 'test-only-iat-6yM8gL3pWs1Fj7Vd';

/** A small project of a test's own files, with real containers; IdP and BFF answer from this process. */
export interface DockerProject {
  /** Also the name of its folder, so that compose gives it this name by itself. */
  readonly name: string;
  readonly folder: string;
  path(file: string): string;
  write(files: Readonly<Record<string, string>>): Promise<void>;
  read(file: string): Promise<string>;
  /** The files that hold something else than was written here last, by name; null: it is gone. */
  changed(): Promise<Record<string, string | null>>;
  /** Texts with the image's name where it belongs. */
  fill(texts: Readonly<Record<string, string | null>>): Record<string, string | null>;
  /** Every service's environment, as this compose resolves it. */
  environments(file?: string): Promise<Record<string, Record<string, string> | undefined>>;
  /** Calls compose in the folder, as a person does; what it prints. */
  compose(...args: string[]): Promise<string>;
  /** The same with the other environment or folder. */
  composeWith(how: How, ...args: string[]): Promise<string>;
  /** `npm run iat -- --json` with the arguments, as from the folder; in this process, for its start takes a second. */
  iat(args: readonly string[], how?: How): Promise<IatEnd>;
  /** What happens when the mint request comes, before it is answered; a token of its own, where it returns one. */
  onMint(act: () => Promise<unknown>): void;
  /** Resolves when the BFF's health was asked for the first time. */
  readonly asked: Promise<void>;
  /** The containers of a service in any project of this test, by name. */
  containers(service: string): Promise<Container[]>;
}

export interface How {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Default: `iat`. */
  readonly command?: 'iat' | 'clear' | 'doctor';
  /** Both composes are there; else, for a project of v1, only that one. */
  readonly both?: boolean;
}

export interface IatEnd {
  readonly exitCode: number | undefined;
  readonly code: string | null;
  readonly message: string;
  readonly hint: string;
  readonly warnings: string;
  readonly all: string;
  readonly document: ReturnType<typeof documentOf>;
  /** Since the project was made. */
  readonly mints: number;
}

export interface Container {
  readonly id: string;
  readonly name: string;
  readonly project: string;
  readonly env: Readonly<Record<string, string>>;
}

/** In its own folder; whatever it and projects named `<name>-…` leave in Docker goes away with the test. */
export async function createDockerProject(
  compose: Compose,
  files: Readonly<Record<string, string>>,
): Promise<DockerProject> {
  const image = await provideNodeImage(compose.env);
  const home = await createHome();
  const name = createProjectName();
  const folder = join(home, name);
  const fillOne = (text: string) => text.replaceAll('@image@', image);
  const written = new Map<string, string>();
  const write = async (texts: Readonly<Record<string, string>>) => {
    for (const [file, text] of Object.entries(texts)) {
      await writeFile(join(folder, file), fillOne(text));
      written.set(file, fillOne(text));
    }
  };
  await mkdir(folder);
  await write(files);
  onTestFinished(async () => {
    await removeProjects([name, `${name}-other`], compose.env);
    await rm(folder, { recursive: true, force: true });
  });

  let mints = 0;
  let act: () => Promise<unknown> = async () => {};
  let noteAsked = () => {};
  const asked = new Promise<void>((resolve) => {
    noteAsked = resolve;
  });
  const url = await serve(async ({ method, url: path = '' }, response) => {
    if (method === 'POST') {
      mints += 1;
      const made = await act();
      const token = typeof made === 'string' ? made : IAT;
      sendJson(response, 201, { token, expires_in: 3600, max_usages: 1 });
      return;
    }
    noteAsked();
    sendJson(response, 200, path.includes('jwks') ? { keys: [{ kid: 'bff-sig-001' }] } : { status: 'healthy' });
  });
  const bin = join(home, 'bin');
  const env = { ...ownEnvironment(), ...compose.env };
  const alone = { PATH: `${bin}:${env['PATH']}` };
  await mkdir(bin);
  if (compose.title === 'docker-compose') await hidePlugin(bin, env['PATH'] ?? '');
  const [program, ...first] = compose.command;
  const composeWith = async (how: How, ...args: string[]) => {
    const options = { cwd: how.cwd ?? folder, env: { ...env, ...how.env }, extendEnv: false, all: true } as const;
    return String((await execa(program, [...first, ...args], options)).all);
  };
  return {
    name,
    folder,
    asked,
    path: (file) => join(folder, file),
    write,
    fill: (texts) => mapValues(texts, (text) => (text === null ? null : fillOne(text))),
    async changed() {
      const names = new Set([...written.keys(), ...(await readdir(folder))]);
      const texts = [...names].map(async (file): Promise<[string, string | null]> => {
        return [file, await readFile(join(folder, file), 'utf8').catch(() => null)];
      });
      return Object.fromEntries((await Promise.all(texts)).filter(([file, text]) => written.get(file) !== text));
    },
    async environments(file = 'docker-compose.yml') {
      const { services } = parse(await composeWith({}, '-f', file, 'config')) as {
        services: Record<string, { environment?: Record<string, string> }>;
      };
      return mapValues(services, ({ environment }) => environment);
    },
    read: (file) => readFile(join(folder, file), 'utf8'),
    compose: (...args) => composeWith({}, ...args),
    composeWith,
    async iat(args, how = {}) {
      const { command = 'iat' } = how;
      const collection = join(home, 'collections', 'EmpowerNow.postman_collection.json');
      const places = [
        '--collection',
        collection,
        '--reports',
        join(home, 'reports'),
        ...(command === 'iat' ? ['--idp-url', url] : []),
        '--bff-url',
        url,
      ];
      const ended = await runHere(['--json', ...places, ...(compose.args ?? []), '--stable-for', '0', ...args], {
        command,
        cwd: how.cwd ?? folder,
        env: { ...env, ...compose.toolEnv, ...(how.both ? {} : alone), IAT_ADMIN_TOKEN: ADMIN_TOKEN, ...how.env },
      });
      const document = documentOf(ended);
      const { error } = document;
      return {
        exitCode: ended.exitCode,
        code: error?.code ?? null,
        message: error?.message ?? '',
        hint: error?.hint ?? '',
        warnings: ended.stderr.replace(/\s+/g, ' '),
        all: ended.all,
        document,
        mints,
      };
    },
    onMint(does) {
      act = does;
    },
    async containers(service) {
      const filters = ['--filter', `label=com.docker.compose.service=${service}`];
      const { stdout } = await execa('docker', ['ps', '-aq', '--no-trunc', ...filters], { env });
      const ids = stdout.split('\n').filter(Boolean);
      if (ids.length === 0) return [];
      const inspected = await execa('docker', ['inspect', ...ids], { reject: false, env });
      return (JSON.parse(inspected.stdout) as Inspected[])
        .map(toContainer)
        .filter(({ project }) => project === name || project === `${name}-other`)
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    },
  };
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly Config: { readonly Env: readonly string[]; readonly Labels: Readonly<Record<string, string>> };
}

function toContainer({ Id, Name, Config }: Inspected): Container {
  return {
    id: Id,
    name: Name.slice(1),
    project: Config.Labels['com.docker.compose.project'] ?? '',
    env: Object.fromEntries(Config.Env.map((each) => each.split(/=(.*)/s).slice(0, 2))),
  };
}

/** A `docker` without the plugin `compose`. */
async function hidePlugin(bin: string, path: string): Promise<void> {
  const script = `#!/bin/sh\n[ "$1" = compose ] && exit 1\nPATH='${path}' exec docker "$@"\n`;
  await writeFile(join(bin, 'docker'), script, { mode: 0o755 });
}
