import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { fs } from 'zx';
import { Reader } from '../../test/browser/chromium.ts';
import { execute } from '../cli/execute.ts';
import { workOf } from '../cli/main.ts';
import { openSession, readCommandLine } from '../cli/session.ts';
import { startSandbox } from '../sandbox/sandbox.ts';
import { createStack } from '../sandbox/sandbox-stack.ts';

/**
 * Regenerates reports/sample/: the report of a real run against the sandbox whose BFF finds no Redis, and the picture of it in
 * the README. The run happens in a folder of its own and names its files from there, so that the sample holds no path of
 * the machine.
 *
 *   npm run sample
 */
const FAULT = 'redis-down';
const COLLECTION = 'collections/EmpowerNow.postman_collection.json';
const COMPOSE_FILE = 'CRUDService/docker-compose-authzen4.yml';
const SAMPLE = 'reports/sample';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = await fs.mkdtemp(join(tmpdir(), 'bff-iat-sample-'));
const end = new AbortController();
try {
  await fs.copy(join(root, COLLECTION), join(folder, COLLECTION));
  process.chdir(folder);
  await run();
  await fs.emptyDir(join(root, SAMPLE));
  await fs.copy(SAMPLE, join(root, SAMPLE));
  await photograph(join(root, SAMPLE));
} finally {
  end.abort();
  process.chdir(root);
  await fs.remove(folder);
}

async function run(): Promise<void> {
  const sandbox = await startSandbox({ dir: 'CRUDService', signal: end.signal, restart: 'no' });
  const stack = createStack({ composeFile: COMPOSE_FILE, dir: join(folder, 'CRUDService'), fault: FAULT });
  const opened = openSession(
    Object.assign(Object.create(process), { argv: ['node', 'iat', '--health-timeout', '8'] }),
    'iat',
  );
  const { host, reportFiles } = opened.outside;
  const session = {
    ...opened,
    outside: {
      ...opened.outside,
      host: { ...host, title: `${host.title.replace(/, host .*/, '')}, host sandbox` },
      reportFiles: {
        ...reportFiles,
        async makeRunFolder() {
          await fs.ensureDir(SAMPLE);
          return SAMPLE;
        },
      },
    },
  };
  const read = await readCommandLine('iat', session);
  if (read.kind === 'print' || read.settings instanceof Error) throw new Error('the options are wrong');
  const settings = { ...read.settings, collection: COLLECTION, reports: 'reports' };
  const work = workOf('iat', session, { ...read, settings });
  try {
    const { verdict } = await execute(session, { ...work, sandbox: { ...sandbox, stack, composeFile: COMPOSE_FILE } });
    if (verdict !== 'unhealthy') throw new Error(`The sample is to show an unhealthy BFF, and this one is ${verdict}.`);
  } finally {
    host.interruption.release();
    await stack.close();
    await sandbox.close();
  }
}

/** The top of the page, as it opens. */
async function photograph(to: string): Promise<void> {
  const reader = await Reader.start();
  try {
    const html = await fs.readFile(join(to, 'index.html'), 'utf8');
    const options = { viewport: { width: 1120, height: 1180 }, timezoneId: 'UTC', colorScheme: 'light' } as const;
    const { page } = await reader.open(html, options);
    await page.screenshot({ path: join(to, 'report.png') });
  } finally {
    await reader.close();
  }
}
