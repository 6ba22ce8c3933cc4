/** Which commands there are, and what each is for. */
export const COMMANDS = {
  iat: 'Mint an Initial Access Token, write it into the compose environment, restart the BFF, and check that it registers and stays healthy.',
  clear:
    'After success: take the token out of the environment again, restart, and check that the BFF starts from its cached credentials.',
  doctor: 'Find out why the BFF does not start, and whether a fresh Initial Access Token would help; change nothing.',
  health: 'Run the health folder of the collection against the BFF.',
  collection: 'Run any folders or requests of the collection, with the same reports.',
  demo: 'The whole story against the embedded sandbox: a BFF that fails, gets fixed, and starts from its cached credentials.',
  init: 'Put what the commands need into this folder: npm scripts, the collection, .env.example and .gitignore. Nothing is overwritten.',
  reports: 'Say where the reports are: the page over all runs, and the newest run of each command.',
} as const;

export type CommandName = keyof typeof COMMANDS;

/** Commands that are one run: `demo` shows several, `init` and `reports` are none. */
export type RunName = Exclude<CommandName, 'demo' | 'init' | 'reports'>;

/** Sets of commands that share options. */
export const ALL: readonly CommandName[] = ['iat', 'clear', 'doctor', 'health', 'collection', 'demo'];
export const RUNS: readonly CommandName[] = ['iat', 'clear', 'doctor', 'health', 'collection'];
export const STACK: readonly CommandName[] = ['iat', 'clear', 'doctor'];
export const RESTART: readonly CommandName[] = ['iat', 'clear'];
export const IAT: readonly CommandName[] = ['iat'];
