import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { findCircles, findOffences } from './support/layers.ts';

const root = new URL('../', import.meta.url);

/** What git has and what it would add: the files of the project, without what is ignored. */
const files = execFileSync('git', ['-c', 'safe.directory=*', 'ls-files', '-z', '-co', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\0')
  .filter((path) => path !== '');

const modules = files.filter((path) => /^(scripts|test)\/.*\.tsx?$/.test(path) && !path.startsWith('test/fixtures/'));
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

/** Where a word of the design ends and another tool's begins: vitest reads its configuration from a default export. */
const DEFAULT_EXPORT_NEEDED = ['test/vitest.config.ts'];

describe('the layout', () => {
  test('imports point one way, edges are plugged in at one place, only edges reach outside, exports have names', () => {
    expect(modules.length).toBeGreaterThan(20);
    const offences = modules
      .filter((path) => !DEFAULT_EXPORT_NEEDED.includes(path))
      .flatMap((path) => findOffences(path, read(path)).map((offence) => `${path}:${offence}`));
    expect(offences).toEqual([]);
  });

  test('no imports go round in a circle, those of types included', () => {
    expect(findCircles(new Map(modules.map((path) => [path, read(path)])))).toEqual([]);
  });

  test('a file is one idea: none is longer than 400 lines', () => {
    const long = modules.map((path) => [path, read(path).split('\n').length - 1] as const).filter(([, n]) => n > 400);
    expect(long).toEqual([]);
  });

  test('the top level holds what the design lists', () => {
    const allowed = ['README.md', 'collections', 'package-lock.json', 'package.json', 'reports', 'scripts', 'test'];
    const top = new Set(files.map((path) => path.split('/')[0] ?? ''));
    const others = [...top].filter((name) => !name.startsWith('.') && ![...allowed, 'tsconfig.json'].includes(name));
    expect(others).toEqual([]);
  });

  test('scripts/ has the folders that the design lists', () => {
    const folders = modules.map((path) => /^scripts\/([^/]+)\//.exec(path)?.[1]).filter((name) => name !== undefined);
    const known =
      'bff cli compose compose-file core idp kubernetes maintenance platform postman report runbook sandbox secrets'.split(
        ' ',
      );
    expect([...new Set(folders)].filter((name) => !known.includes(name))).toEqual([]);
  });
});

test('no file holds a path of one machine, or what looks like a secret', () => {
  const suspicious = {
    'a path of one machine': /(?<![\w.}])\/(?:work|root|home)\/\w/,
    'a private key': /-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[\w+/]{40}/,
    'a JWT': /\beyJ[\w-]{12,}\.eyJ[\w-]{12,}\.[\w-]{16,}/,
    'a token of a known service': /\b(?:gh[pousr]_\w{30,}|AKIA[A-Z0-9]{16}|PMAK-[0-9a-f]{20,}|xox[bp]-\w{10,})/,
  };
  const found = files
    .filter((path) => !path.startsWith('test/fixtures/'))
    .flatMap((path) => {
      const text = read(path);
      return Object.entries(suspicious)
        .filter(([, pattern]) => pattern.test(text))
        .map(([what]) => `${path}: ${what}`);
    });
  expect(found).toEqual([]);
});

describe('the rules see', () => {
  test.each([
    ['scripts/iat.ts', "import { run } from './runbook/iat.ts';", 'imports scripts/runbook/iat.ts'],
    ['scripts/core/result.ts', "import type { Step } from '../runbook/step.ts';", 'imports scripts/runbook/step.ts'],
    ['scripts/postman/a.ts', "export * from '../compose/inspect.ts';", 'imports scripts/compose/inspect.ts'],
    ['scripts/report/a.ts', "const a = await import('../bff/a.ts');", 'imports scripts/bff/a.ts'],
    ['scripts/bff/a.ts', "let a: import('../report/a.ts').A;", 'imports scripts/report/a.ts'],
    [
      'scripts/compose/a.ts',
      "import { findComposeStack } from './compose-stack.ts';",
      'imports scripts/compose/compose-stack.ts',
    ],
    ['scripts/postman/a.ts', "import { a } from './newman.ts';", 'imports scripts/postman/newman.ts'],
    ['scripts/cli/main.ts', "import { files } from '../platform/files.ts';", 'imports scripts/platform/files.ts'],
    ['scripts/platform/a.ts', "import { a } from '../compose/a.ts';", 'imports scripts/compose/a.ts'],
    ['scripts/sandbox/a.ts', "import { a } from '../postman/newman.ts';", 'imports scripts/postman/newman.ts'],
    ['scripts/runbook/a.ts', "import { a } from '../cli/wiring.ts';", 'imports scripts/cli/wiring.ts'],
    ['scripts/cli/a.ts', "import { a } from '../maintenance/a.ts';", 'imports scripts/maintenance/a.ts'],
    ['scripts/cli/a.ts', "import { a } from '../../test/support/a.ts';", 'imports test/support/a.ts'],
    ['scripts/core/a.ts', "import { readFile } from 'fs/promises';", 'imports fs/promises'],
    ['scripts/runbook/a.ts', "import type { ChildProcess } from 'node:child_process';", 'imports node:child_process'],
    ['scripts/postman/a.ts', "const a = await import('newman');", 'imports newman'],
    ['scripts/bff/a.ts', "import { setTimeout as s } from 'node:timers/promises';", 'imports node:timers/promises'],
    ['scripts/report/a.ts', 'const a = { process };', 'uses process'],
    ['scripts/report/a.ts', 'const a = process.env.HOME;', 'uses process'],
    ['scripts/cli/a.ts', 'setTimeout(() => {}, 1);', 'uses setTimeout'],
    ['scripts/bff/a.ts', 'const a = globalThis.setInterval;', 'uses globalThis'],
    ['scripts/core/a.ts', 'const a = Date.now();', 'uses Date.now'],
    ['scripts/core/a.ts', 'const a = new Date();', 'uses new Date()'],
    ['scripts/core/a.ts', 'export default 1;', 'exports a default'],
    ['test/a.test.ts', 'export default function a() {}', 'exports a default'],
    ['scripts/core/a.ts', 'const a = 1; export { a as default };', 'exports a default'],
  ])('in %s: %s', (path, source, offence) => {
    expect(findOffences(path, source)).toEqual([`1: ${offence}`]);
  });

  test.each([
    ['of values', "import { a } from './c.ts';"],
    ['of types', "import type { A } from './c.ts';"],
    ['of one type', "let a: import('./c.ts').A;"],
    ['of what is passed on', "export * from './c.ts';"],
    ['of what is loaded late', "const a = await import('./c.ts');"],
  ])('a circle %s', (_, last) => {
    const sources = new Map([
      ['scripts/core/d.ts', "import { a } from './a.ts';"],
      ['scripts/core/a.ts', "import { b } from './b.ts'; import { c } from './c.ts';"],
      ['scripts/core/b.ts', last],
      ['scripts/core/c.ts', "import { b } from '../core/b.ts';"],
    ]);
    expect(findCircles(sources)).toEqual([['scripts/core/b.ts', 'scripts/core/c.ts']]);
    expect(findCircles(new Map([...sources].filter(([path]) => path !== 'scripts/core/c.ts')))).toEqual([]);
  });

  test.each([
    ['scripts/iat.ts', "import process from 'node:process'; import { main } from './cli/main.ts'; main(process.argv);"],
    [
      'scripts/cli/wiring.ts',
      "import { a } from '../postman/newman.ts'; import { b } from '../sandbox/sandbox-stack.ts';",
    ],
    ['scripts/postman/newman.ts', "import { a } from './eager-timers.ts';"],
    [
      'scripts/compose/compose-stack.ts',
      "import { a } from './inspect.ts'; import type { B } from '../core/ports.ts';",
    ],
    ['scripts/platform/clock.ts', "import { setTimeout } from 'node:timers/promises'; setTimeout(1);"],
    ['scripts/core/a.ts', 'const a = new Date(0); const b = { process: 1, setTimeout() {} }; b.process;'],
    ['scripts/core/a.ts', 'const a = ({ console }: { console: string[] }) => console.length;'],
    ['scripts/maintenance/a.ts', "import { $ } from 'zx'; import { a } from '../platform/files.ts'; process.exit(1);"],
  ])('nothing wrong in %s: %s', (path, source) => {
    expect(findOffences(path, source)).toEqual([]);
  });
});
