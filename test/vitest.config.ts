import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** They measure time or memory, and run when nothing else does. */
const MEASURING = [
  'test/bff/flood.test.ts',
  'test/browser/report.test.ts',
  'test/compose-file/environment-speed.test.ts',
  'test/patterns.test.ts',
  'test/report/html.test.ts',
  'test/secrets/by-place-speed.test.ts',
  'test/secrets/masker-speed.test.ts',
];

/** Functions and small files: nothing that one file leaves in a process concerns the next, and starting one takes a second. */
const UNITS = [
  'bff',
  'cli',
  'compose',
  'compose-file',
  'core',
  'idp',
  'postman',
  'report',
  'runbook',
  'secrets',
  'support',
].map((folder) => `test/${folder}/**/*.test.{ts,tsx}`);

/** .ci/run fails on a warning. These are Newman's own, of tests that load it into their process: postman/newman-worker.ts. */
const NODE_OPTIONS = ['DEP0044', 'DEP0176', 'MaxListenersExceededWarning'].map((each) => `--disable-warning=${each}`);

/** The files that take longest, of which none may be the last: after `npm ci` vitest knows no times. */
const LONG = [
  'e2e/faults',
  'docker/restart',
  'docker/write',
  'docker/real-compose',
  'kubernetes/iat-healthy',
  'hostile/secrets',
  'docker/faults',
  'hostile/answers',
  'kubernetes/iat-others',
  'e2e/secrets',
  'e2e/canary-commands',
  'hostile/newman-worker',
  'runbook/login',
  'sandbox/bff-faults',
].map((name) => `/test/${name}.test.ts`);

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const index = LONG.findIndex((end) => moduleId.endsWith(end));
      return index < 0 ? LONG.length : index;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

/** Two more than a small machine of CI has cores: the long files wait for processes and pauses. */
const WORKERS = 4;

// biome-ignore lint/style/noDefaultExport: vitest reads its configuration from the default export
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('..', import.meta.url)),
    // Real processes, real HTTP, real containers, on busy machines with two cores: two minutes say "hung", not "slow".
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ['default'],
    execArgv: NODE_OPTIONS,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'units',
          include: UNITS,
          exclude: [...configDefaults.exclude, ...MEASURING],
          isolate: false,
          maxWorkers: WORKERS,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: [...configDefaults.exclude, ...MEASURING, ...UNITS],
          maxWorkers: WORKERS,
          sequence: { groupOrder: 0 },
        },
      },
      { extends: true, test: { name: 'alone', include: MEASURING, maxWorkers: 1, sequence: { groupOrder: 2 } } },
    ],
  },
});
