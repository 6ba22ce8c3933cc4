import { configDefaults, defineConfig } from 'vitest/config';

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

/** One more than a small machine of CI has cores: tests wait for processes and pauses as well. */
const WORKERS = 3;

// biome-ignore lint/style/noDefaultExport: vitest reads its configuration from the default export
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    // Real processes, real HTTP, real containers, on busy machines with two cores: two minutes say "hung", not "slow".
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ['default'],
    execArgv: NODE_OPTIONS,
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
