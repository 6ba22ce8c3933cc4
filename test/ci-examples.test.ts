import { spawn } from 'node:child_process';
import { chmod, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { makeTemporaryFolder } from '../scripts/platform/temporary-folder.ts';
import { bundle } from './support/bundle.ts';
import { RUN } from './support/command.ts';
import type { problemsOf } from './support/github-schema.ts';
import { ADMIN_TOKEN, createStandIn, IAT } from './support/stand-in.ts';

const root = new URL('../', import.meta.url);
const read = (path: string) => readFile(new URL(path, root), 'utf8');
const GITHUB = ['collections/ci/github/action.yml', 'collections/ci/github/workflow.yml', '.github/workflows/ci.yml'];

/** A script that a CI runs, and what it sets for it. */
interface Step {
  readonly script: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** What a CI runs of an example, one after the other, and what it sets all the while. */
interface Pasted {
  readonly steps: readonly Step[];
  readonly env: Readonly<Record<string, string>>;
}

/** Expressions of a CI, by what stands in them. */
function fill(value: string, known: Readonly<Record<string, string>>): string {
  return value.replace(/\$\{\{ ([\w.-]+) \}\}|\$\((\w+)\)/g, (_, github, azure) => {
    const found = known[github ?? azure];
    if (found === undefined) throw new Error(`nothing is known of ${github ?? azure}`);
    return found;
  });
}

const fillAll = (env: Readonly<Record<string, string>> = {}, known: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(env).map(([name, value]) => [name, fill(value, known)]));

const SECRETS = { 'secrets.IAT_ADMIN_TOKEN': ADMIN_TOKEN, IAT_ADMIN_TOKEN: ADMIN_TOKEN };

/** The scripts of each example as the CI would run them, in a folder that is the repository. */
const EXAMPLES: Readonly<Record<string, (home: string) => Promise<Pasted>>> = {
  async GitHub(home) {
    const { runs } = parse(await read('collections/ci/github/action.yml'));
    const { jobs } = parse(await read('collections/ci/github/workflow.yml'));
    const steps: { run?: string; uses?: string; if?: string; with?: Record<string, string> }[] = jobs.bff.steps;
    const inputs = steps.find(({ uses }) => uses === './.github/actions/bff-iat')?.with ?? {};
    const known = Object.fromEntries(
      Object.entries(inputs).map(([name, value]) => [`inputs.${name}`, fill(value, SECRETS)]),
    );
    const [{ run, env }] = runs.steps;
    const before = steps.flatMap((each) => (each.if === undefined && each.run ? [{ script: each.run }] : []));
    return {
      steps: [...before, { script: run, env: fillAll(env, known) }],
      env: {
        GITHUB_ACTIONS: 'true',
        GITHUB_WORKSPACE: home,
        GITHUB_OUTPUT: join(home, 'output'),
        RUNNER_TEMP: home,
      },
    };
  },
  async GitLab(home) {
    const { 'bff-iat': job } = parse(await read('collections/ci/gitlab.yml'));
    const env = {
      GITLAB_CI: 'true',
      CI_PROJECT_DIR: home,
      CI_PROJECT_URL: 'https://gitlab.test/g/p',
      CI_COMMIT_SHA: 'abc',
    };
    return {
      steps: [{ script: job.script.join('\n') }],
      env: { ...env, ...job.variables, IAT_ADMIN_TOKEN: ADMIN_TOKEN },
    };
  },
  async Azure(home) {
    const { variables, jobs } = parse(await read('collections/ci/azure-pipelines.yml'));
    const steps: { bash?: string; env?: Record<string, string> }[] = jobs[0].steps;
    const named = variables.filter(({ name }: { name?: string }) => name !== undefined);
    return {
      steps: steps.flatMap(({ bash, env }) =>
        bash === undefined ? [] : [{ script: bash, env: fillAll(env, SECRETS) }],
      ),
      env: {
        TF_BUILD: 'True',
        BUILD_SOURCESDIRECTORY: home,
        AGENT_TEMPDIRECTORY: home,
        ...Object.fromEntries(named.map(({ name, value }: { name: string; value: string }) => [name, value])),
      },
    };
  },
  async Jenkins() {
    const file = await read('collections/ci/Jenkinsfile');
    const variables = [...file.matchAll(/^ {4}([A-Z_]+) = '([^']+)'$/gm)].map(([, name, value]) => [name, value]);
    const [outside = '', inside = ''] = file.split(/withCredentials\(.*variable: 'IAT_ADMIN_TOKEN'\)\]\) \{/);
    const scripts = (part: string) =>
      [...part.matchAll(/\bsh(?: |\(.*script: )'([^']+)'/g)].map(([, script = '']) => script);
    return {
      steps: [
        ...scripts(outside).map((script) => ({ script })),
        ...scripts(inside).map((script) => ({ script, env: { IAT_ADMIN_TOKEN: ADMIN_TOKEN } })),
      ],
      env: { JENKINS_URL: 'https://jenkins.test/', ...Object.fromEntries(variables) },
    };
  },
};

interface Ran {
  readonly home: string;
  readonly exitCode: number;
  readonly output: string;
  /** The command lines of npm and npx. */
  readonly lines: readonly string[];
}

/**
 * Runs an example in a repository with the stand-in's stack: as its CI does, in bash, step by step until one fails. Its npx starts
 * the command itself, or ends with a code.
 */
async function run(name: string, how: { readonly exitCode?: number; readonly refusing?: boolean } = {}): Promise<Ran> {
  const stand = await createStandIn();
  const { home } = stand;
  if (how.refusing) stand.answer(/^POST \/api\/admin/, { status: 401 });
  await symlink(stand.composeFile, join(home, 'docker-compose-authzen4.yml'));
  const real = `shift 3\nexec "${process.execPath}" "${RUN}" "$@"`;
  const programs = { npm: '', npx: how.exitCode === undefined ? real : `exit ${how.exitCode}` };
  for (const [program, script] of Object.entries(programs)) {
    const path = join(home, 'bin', program);
    await writeFile(
      path,
      `#!/bin/sh\necho "${program} $*\${IAT_ADMIN_TOKEN:+ with the token}" >>"${home}/lines"\n${script}\n`,
    );
    await chmod(path, 0o755);
  }
  const { steps, env } = await (EXAMPLES[name] as (home: string) => Promise<Pasted>)(home);
  const { idp, bff } = { idp: stand.args[1] ?? '', bff: stand.args[3] ?? '' };
  const surroundings = {
    ...stand.env,
    PATH: `${stand.env['PATH']}:/usr/bin:/bin`,
    IAT_IDP_URL: idp,
    IAT_BFF_URL: bff,
    IAT_STABLE_FOR: '0',
  };
  const { IAT_ADMIN_TOKEN: _, ...others } = surroundings as Record<string, string>;
  let output = '';
  let exitCode = 0;
  for (const step of steps) {
    if (exitCode !== 0) break;
    const bash = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', `exec 2>&1\n${step.script}`], {
      cwd: home,
      env: { CI: 'true', ...others, ...env, ...step.env },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = new Promise<number>((resolve) => bash.on('close', (code) => resolve(code ?? -1)));
    output += await text(bash.stdout);
    exitCode = await ended;
  }
  return { home, exitCode, output, lines: (await readFile(join(home, 'lines'), 'utf8')).trimEnd().split('\n') };
}

const JUNIT = 'reports/latest/junit.xml';

describe.runIf(process.platform !== 'win32')('what is pasted runs', () => {
  test.each(Object.keys(EXAMPLES))(
    '%s: it installs, gives the token by the environment, and ends with the exit code',
    async (name) => {
      for (const exitCode of [0, 1, 2, 3, 130]) {
        const ran = await run(name, { exitCode });
        expect(ran.exitCode).toBe(exitCode);
        expect(ran.lines).toHaveLength(2);
        expect(ran.lines[0]).toMatch(/^npm ci\b(?!.*token)/);
        expect(ran.lines[1]).toMatch(/^npx --no -- bff-iat iat --json\b.* with the token$/);
        expect(ran.lines.join('\n') + ran.output).not.toContain(ADMIN_TOKEN);
      }
    },
  );

  test('GitHub: a healthy BFF', async () => {
    const { home, exitCode, output } = await run('GitHub');
    expect(output).toContain('Healthy. The BFF is registered');
    expect(exitCode).toBe(0);
    expect(await readFile(join(home, 'output'), 'utf8')).toBe('exit-code=0\n');
    expect(JSON.parse(await readFile(join(home, 'bff-iat.json'), 'utf8'))).toMatchObject({ verdict: 'healthy' });
    expect(await readFile(join(home, 'docker-compose-authzen4.yml'), 'utf8')).toContain(IAT);
    // The runner does not show the lines that tell it what to hide.
    expect(output.replace(/^::add-mask::.*\n/gm, '')).not.toMatch(new RegExp(`${IAT}|${ADMIN_TOKEN}`));
  });

  test('GitLab: an IdP that refuses; what the job keeps is there', async () => {
    const { home, exitCode, output } = await run('GitLab', { refusing: true });
    expect(exitCode).toBe(3);
    expect(output).toMatch(/^section_start:\d+:bff_iat_annotations/m);
    expect(output).not.toContain(ADMIN_TOKEN);
    const { artifacts, retry } = parse(await read('collections/ci/gitlab.yml'))['bff-iat'];
    expect(await readFile(join(home, artifacts.reports.junit), 'utf8')).toContain('<testsuites');
    expect(JSON.parse(await readFile(join(home, artifacts.reports.codequality), 'utf8'))).not.toEqual([]);
    expect(retry.exit_codes).toEqual([exitCode]);
  });
});

describe('the examples', () => {
  test("GitHub's are what GitHub's own parser accepts", async () => {
    const folder = await makeTemporaryFolder();
    onTestFinished(() => folder.remove());
    await bundle(folder.path, [new URL('support/github-schema.ts', import.meta.url).pathname]);
    const schema: { problemsOf: typeof problemsOf } = await import(join(folder.path, 'github-schema.mjs'));
    for (const file of GITHUB) expect(await schema.problemsOf(file, await read(file)), file).toEqual([]);
    const wrong = (await read('.github/workflows/ci.yml')).replace('runs-on', 'run-on');
    expect(await schema.problemsOf('ci.yml', wrong)).not.toEqual([]);
  });

  test('publish JUnit and keep the report also after a failure', async () => {
    const [action, gitlab, azure, jenkins] = await Promise.all(
      ['github/action.yml', 'gitlab.yml', 'azure-pipelines.yml', 'Jenkinsfile'].map((name) =>
        read(`collections/ci/${name}`),
      ),
    );
    expect(parse(action ?? '').runs.steps[1]).toMatchObject({ if: 'always()', with: { path: 'reports/' } });
    expect(parse(gitlab ?? '')['bff-iat'].artifacts).toMatchObject({ when: 'always', reports: { junit: JUNIT } });
    const steps: { task?: string; publish?: string }[] = parse(azure ?? '').jobs[0].steps;
    const kept = { condition: 'succeededOrFailed()' };
    expect(steps.find(({ task }) => task === 'PublishTestResults@2')).toMatchObject({
      ...kept,
      inputs: { testResultsFiles: JUNIT },
    });
    expect(steps.find(({ publish }) => publish === 'reports')).toMatchObject(kept);
    expect(jenkins).toMatch(new RegExp(`post \\{[^}]*always \\{\\s*junit testResults: '${JUNIT}'`));
  });

  test('actions are named with their major version, and may only read', async () => {
    for (const file of GITHUB) {
      const content = await read(file);
      const used = [...content.matchAll(/uses: (\S+)/g)].map(([, name]) => name);
      expect(used.length).toBeGreaterThan(0);
      for (const name of used) expect(name).toMatch(/^(?:actions\/[a-z-]+@v\d+|\.\/\.github\/actions\/bff-iat)$/);
      if (file.endsWith('action.yml')) continue;
      expect(parse(content).permissions).toEqual({ contents: 'read' });
    }
  });
});
