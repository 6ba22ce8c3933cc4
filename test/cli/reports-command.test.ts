import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { execute } from '../../scripts/cli/execute.ts';
import { writeReports } from '../../scripts/cli/reports.ts';
import { showReports } from '../../scripts/cli/reports-command.ts';
import type { Session } from '../../scripts/cli/session.ts';
import { reportFiles } from '../../scripts/platform/report-folder.ts';
import { startDetached } from '../../scripts/platform/start-detached.ts';
import { makeTemporaryFolder } from '../../scripts/platform/temporary-folder.ts';
import { sampleMasker } from '../report/sample-exchanges.ts';
import { failedMintRun, healthyRun } from '../report/sample-run.ts';
import { openHere } from '../support/in-process.ts';

let folder: string;
beforeEach(async () => {
  const temporary = await makeTemporaryFolder();
  onTestFinished(() => temporary.remove());
  folder = temporary.path;
});

const at = (minute: number) => new Date(Date.UTC(2026, 10, 23, 10, minute));
const write = (run = healthyRun()) => writeReports(run, sampleMasker(), reportFiles, { reports: folder, keep: 50 });

/** A command here whose programs are not started, but listed in `started`; `starts` says which of them there are. */
async function openSession(
  args: string[],
  env: Record<string, string>,
  starts: (file: string) => boolean = () => true,
) {
  const { session, read, output } = await openHere(args, { command: 'reports', cwd: folder, env });
  if (read.kind === 'print' || read.settings instanceof Error) throw new Error('The options are wrong.');
  const started: string[][] = [];
  const outside: Session['outside'] = {
    ...session.outside,
    host: { ...session.outside.host, platform: 'linux' },
    async startDetached(file, words) {
      started.push([file, ...words]);
      return starts(file);
    },
  };
  return { session: { ...session, outside }, settings: read.settings, started, output };
}

async function show(args: string[] = [], env: Record<string, string> = {}, starts?: (file: string) => boolean) {
  const { session, settings, started, output } = await openSession(['--reports', folder, ...args], env, starts);
  const exitCode = await showReports(session, settings);
  return { exitCode, started, ...output() };
}

describe('npm run reports', () => {
  test.for(['there', 'missing', 'with the sample alone'])(
    'says what makes a report: the folder is %s',
    async (state) => {
      if (state === 'missing') folder = join(folder, 'none');
      if (state.startsWith('with')) {
        await mkdir(join(folder, 'sample'));
        await writeFile(join(folder, 'sample', 'result.json'), await sampleResult());
      }
      const { exitCode, stdout } = await show();
      expect(exitCode).toBe(0);
      expect(stdout).toContain('There are no reports in');
      expect(stdout).toContain('npm run demo');
    },
  );

  test('names the page over all runs, and the newest of each command, in 80 columns', async () => {
    await write(failedMintRun({ startedAt: at(1) }));
    await write(healthyRun({ startedAt: at(2) }));
    await write(failedMintRun({ command: 'doctor', startedAt: at(3) }));
    await mkdir(join(folder, 'of-others'));
    await writeFile(join(folder, 'of-others', 'result.json'), '{"test":"of another tool"}');
    const { stdout } = await show();
    const line = (text: string) => stdout.split('\n').find((each) => each.includes(text));
    expect(stdout).toContain('(and 1 folder of other origin)');
    expect(line('All runs:')).toContain('index.html');
    expect(line(' iat: ')).toMatch(/Healthy, 2026-11-23 10:02:00 UTC \(25 s\)$/);
    expect(line(' doctor: ')).toMatch(/Failed, 2026-11-23 10:03:00 UTC/);
    expect(line('10-02-00-000Z-iat')).toContain('index.html');
    expect(stdout).not.toContain('10-01-00');
    const words = stdout.split('\n').filter((each) => !each.includes('/'));
    expect(Math.max(...words.map((each) => each.length))).toBeLessThanOrEqual(80);
  });

  test('is one document with --json: all runs, and null where there is none', async () => {
    await write(failedMintRun({ startedAt: at(1) }));
    await mkdir(join(folder, '2026-11-23T10-02-00-000Z-iat'));
    await writeFile(join(folder, 'index.html'), 'my site');
    const { stdout } = await show(['--json']);
    expect(JSON.parse(stdout)).toEqual({
      schema: 1,
      command: 'reports',
      folder,
      index: null,
      foreign: 0,
      runs: [
        {
          command: 'iat',
          verdict: null,
          startedAt: at(2).toISOString(),
          durationMs: null,
          for: null,
          reason: expect.stringContaining('left no result'),
          html: null,
        },
        {
          command: 'iat',
          verdict: 'failed',
          startedAt: at(1).toISOString(),
          durationMs: 1020,
          for: expect.stringContaining('EmpowerNow'),
          reason: expect.stringContaining('refused'),
          html: join(folder, '2026-11-23T10-01-00-000Z-iat', 'index.html'),
        },
      ],
    });
  });
});

describe('--open', () => {
  const page = () => join(folder, 'index.html');

  test('opens the page over all runs', async () => {
    await write();
    const { started, stdout } = await show(['--open'], { DISPLAY: ':0' });
    expect(started).toEqual([['xdg-open', page()]]);
    expect(stdout).not.toContain('Not opened');
  });

  test.for([
    ['in a CI', { CI: '1', DISPLAY: ':0' }, 'Nobody looks at a browser in a CI (CI is set).'],
    ['without a display', {}, 'There is no display here.'],
  ] as const)('only says where the page is: %s', async ([, env, why]) => {
    await write();
    const { started, stdout, exitCode } = await show(['--open'], env);
    expect([started, exitCode]).toEqual([[], 0]);
    expect(stdout.replace(/\s+/g, ' ')).toContain(`Not opened. ${why} The page is index.html`);
  });

  test('takes the next program where one cannot be started, and says so where none can', async () => {
    await write();
    const wsl = { WSL_DISTRO_NAME: 'Debian' };
    const second = await show(['--open'], wsl, (file) => file === 'rundll32.exe');
    expect(second.started.map(([file]) => file)).toEqual(['wslview', 'rundll32.exe']);
    expect(second.stdout).not.toContain('Not opened');
    const none = await show(['--open'], wsl, () => false);
    expect(none.exitCode).toBe(0);
    expect(none.stdout.replace(/\s+/g, ' ')).toContain('because wslview or rundll32.exe could not be started.');
  });

  test.for([
    ['the report', undefined, 1],
    ['none of several that are not to be opened', () => false, 0],
  ] as const)('opens %s of a run, whatever its verdict, and its exit code stays', async ([, opens, count]) => {
    const { session, settings, started } = await openSession(['--reports', folder, '--open'], { DISPLAY: ':0' });
    const run = await execute(session, {
      command: 'iat',
      steps: [],
      settings,
      adminToken: null,
      sandbox: null,
      run: async () => ({ verdict: 'unhealthy' }),
      ...(opens === undefined ? {} : { opens }),
    });
    expect([run.verdict, started.length]).toEqual(['unhealthy', count]);
    for (const [, path = ''] of started) expect(await readFile(path, 'utf8')).toContain('Not healthy');
  });

  test('starts a program without waiting for it, and knows that there is none', async () => {
    const endless = ['-e', 'setTimeout(() => {}, 50)'];
    expect(await startDetached(process.execPath, endless, {})).toBe(true);
    expect(await startDetached(join(folder, 'no-such-program'), [], {})).toBe(false);
  });
});

async function sampleResult(): Promise<string> {
  return readFile(new URL('../../reports/sample/result.json', import.meta.url), 'utf8');
}
