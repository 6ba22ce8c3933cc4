import { defineConfig } from 'vitest/config';

// biome-ignore lint/style/noDefaultExport: vitest reads its configuration from the default export
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.{ts,tsx}'],
    // Real processes, real HTTP, on machines with two cores: a minute says "hung", not "slow".
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default'],
  },
});
