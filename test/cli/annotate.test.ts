import { open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { openCiLog } from '../../scripts/platform/workflow-commands.ts';
import { COMMAND } from '../hostile/gate-shown.ts';
import { collectionBytes, request } from '../support/builders.ts';
import { runHere } from '../support/in-process.ts';
import { sendJson, serve } from '../support/server.ts';
import { createHome } from '../support/stand-in.ts';

const SECRET = 'test-only-password-of-the-collection';

/** A run of a collection whose one request has a failed check with a hostile name, in a CI. */
async function ran(variables: Readonly<Record<string, string>>, args: readonly string[] = []) {
  const home = await createHome();
  const exec = [`pm.test('is 5%: ::error::x', () => pm.expect(pm.variables.get('password')).to.equal('other'));`];
  const url = await serve((_, response) => sendJson(response, 503, {}));
  const item = request('Get', url, { event: [{ listen: 'test', script: { exec } }] });
  await writeFile(join(home, 'c.json'), collectionBytes([item], { variable: [{ key: 'password', value: SECRET }] }));
  const folder = { GITHUB_WORKSPACE: home, BUILD_SOURCESDIRECTORY: home, CI_PROJECT_DIR: home };
  const options = { command: 'collection', cwd: home, env: { CI: 'true', ...folder, ...variables } } as const;
  const ended = await runHere(['c.json', ...args], options);
  const names = await readdir(join(home, 'reports', 'latest'));
  const more = names.filter((name) => !['index.html', 'junit.xml', 'result.json'].includes(name));
  const files = await Promise.all(more.map((name) => readFile(join(home, 'reports', 'latest', name), 'utf8')));
  return { ...ended, home, more, files: files.join('\n') };
}

describe('in a CI', () => {
  test('GitHub is told the file, the line and the check, and no secret', async () => {
    const { stdout, exitCode, more } = await ran({ GITHUB_ACTIONS: 'true' });
    const commands = stdout.split('\n').filter((line) => COMMAND.test(line) && !line.startsWith('::add-mask::'));
    expect(commands).toEqual([
      expect.stringMatching(/^::error file=c\.json,line=1,title=Get%3A is 5%25%3A %3A %3Aerror%3A%3Ax::.*other/),
    ]);
    expect(commands.join('\n')).not.toContain(SECRET);
    expect(exitCode).toBe(1);
    expect(more).toEqual([]);
  });

  test('with --json stdout has nothing but the document', async () => {
    const { stdout, stderr } = await ran({ GITHUB_ACTIONS: 'true' }, ['--json']);
    expect(JSON.parse(stdout)).toMatchObject({ exitCode: 1 });
    expect(stderr).toMatch(/^::error file=c\.json/m);
  });

  test('with --quiet what failed is still shown, and with --suppress-exit-code as a warning', async () => {
    const { stdout } = await ran({ GITHUB_ACTIONS: 'true' }, ['--quiet', '--suppress-exit-code']);
    expect(stdout).toMatch(/^::warning file=c\.json/m);
    expect(stdout).not.toMatch(/^::error/m);
  });

  test('Azure also gets a summary that it can show', async () => {
    const { stdout, more, files, home } = await ran({ TF_BUILD: 'True' });
    expect(stdout).toMatch(
      /^##vso\[task\.logissue type=error;sourcepath=c\.json;linenumber=1;\]Get: is 5%AZP25: : :error::x%0A/m,
    );
    const [, path = ''] = /^##vso\[task\.uploadsummary\](.*)$/m.exec(stdout) ?? [];
    expect(path.startsWith(home)).toBe(true);
    expect(await readFile(path, 'utf8')).toBe(files);
    expect(more).toEqual(['summary.md']);
    expect(files).toMatch(/^## ❌ Failed/);
  });

  test('GitLab gets a section in the log and a Code Quality report', async () => {
    const { stdout, more, files } = await ran({ GITLAB_CI: 'true' });
    expect(stdout).toMatch(/^section_start:\d+:bff_iat_annotations\[collapsed=true\]\r/m);
    expect(more).toEqual(['code-quality.json']);
    expect(JSON.parse(files)).toHaveLength(1);
    expect(files).not.toContain(SECRET);
  });

  test.each([{ JENKINS_URL: 'https://jenkins.test' }, {}])('others read JUnit: %o', async (env) => {
    const { all, more } = await ran(env);
    expect(all).not.toMatch(COMMAND);
    expect(more).toEqual([]);
  });
});

test('nothing is written for a CI where a person reads, or a file', async () => {
  const stream = (more: object) => Object.assign(new Writable({ write: (_, __, done) => done() }), more);
  expect(openCiLog(stream({ isTTY: true }))).toBeNull();
  const path = join(await createHome(), 'log.txt');
  const file = await open(path, 'w');
  expect(openCiLog(stream({ fd: file.fd }))).toBeNull();
  await file.close();
  expect(openCiLog(stream({}))).not.toBeNull();
});
