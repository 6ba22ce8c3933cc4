import process from 'node:process';

/** The environment variable, and the value that turns the rule on. Containers have no stdin, so it is off by default. */
export const LIFELINE = { name: 'SANDBOX_LIFELINE', value: 'stdin' } as const;

/** Ends this process when its stdin closes. That happens however the parent ended, SIGKILL included. */
export function endWithParent(env: NodeJS.ProcessEnv): void {
  if (env[LIFELINE.name] !== LIFELINE.value) return;
  process.stdin.on('end', () => process.exit(1));
  process.stdin.on('error', () => process.exit(1));
  process.stdin.resume();
}

/** Ends this process at once on SIGTERM and SIGINT: process 1 of a container has no default handling of signals. */
export function endOnSignals(beforeExit: () => void = () => {}): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      beforeExit();
      process.exit(0);
    });
  }
}
