import { execute } from '../../scripts/cli/execute.ts';
import type { AppError } from '../../scripts/core/errors.ts';
import type { Context } from '../../scripts/runbook/job.ts';
import type { Outcome } from '../../scripts/runbook/recorder.ts';
import { CANARY } from '../support/attacks.ts';
import { openHere } from '../support/in-process.ts';
import { readAllFiles } from '../support/leaks.ts';
import { createHome } from '../support/stand-in.ts';

export const ESC = '\u001b';

/** What others write, by what it does where it is printed as it is. */
export const TRICKS = {
  'sets the clipboard': `${ESC}]52;c;cHduZWQ=\u0007`,
  'sets the title, with C1': '\u009d0;title\u009c\u009b31m',
  'clears the line': `\r${ESC}[2K${ESC}[1A`,
  'turns the direction of writing': '\u202eexe.\u2066\u2069\u200f\u061c',
  'hides characters': '\u200bad\u00admin\u2060\ufeff\u3164\u{e0041}',
  'breaks the line': 'a\nb\r\nc\u2028d\u2029e\u0085f',
  'has halves of characters': '\ud800x\udc00\uffff',
  'is a command for GitHub': 'x\n::error::pwned ::stop-commands::x :::add-mask::y',
  'is an old command for GitHub': 'x ##[error]pwned ###[group]x',
  'is a command for Azure or TeamCity': "##vso[task.complete result=Failed;]x ##teamcity[buildProblem description='x']",
  'is a section for GitLab': `section_start:1:mine\r${ESC}[0Ksection_end:1:mine`,
};
/** All of them, laid so that a line of any width breaks in front of each. */
export const ALL = Object.values(TRICKS).join(' ');

export const HIDDEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\u3164\ufeff\uffff\u{e0000}-\u{e0fff}]|\p{Surrogate}/u;
export const COMMAND = /^\s*::|##\w*\[|section_(?:start|end):\d/m;

/** All that was shown: what was printed, and what lies in the folder by now. */
export interface Shown {
  readonly printed: string;
  readonly files: Readonly<Record<string, string>>;
  readonly shown: string;
}

export async function shownIn(home: string, printed: string): Promise<Shown> {
  const reports = Object.entries(await readAllFiles(home)).filter(([path]) => /reports|summary/.test(path));
  const files = Object.fromEntries(reports.map(([path, text]) => [path, Buffer.from(text, 'latin1').toString('utf8')]));
  return { printed, files, shown: [printed, ...Object.values(files)].join('\n') };
}

/** A run in a folder of its own whose one step does what is given, with hostile texts in it. */
export async function runOf(
  work: (context: Context, home: string) => Promise<Partial<Outcome>>,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Shown> {
  const home = await createHome();
  const options = { command: 'iat', cwd: home, env: { IAT_ADMIN_TOKEN: CANARY.admin, ...env } } as const;
  const { session, read, output } = await openHere(args, options);
  if (read.kind === 'print') throw new Error('only printed');
  await execute(session, {
    ...read,
    command: 'iat',
    steps: ['preflight'],
    sandbox: null,
    run: async (context) => ({ verdict: 'failed', ...(await work(context, home)) }),
  });
  return shownIn(home, output().all);
}

/** The same, and the step ends with an error. */
export function failing(error: (home: string) => AppError | Promise<AppError>, args: readonly string[] = []) {
  return () =>
    runOf(({ recorder }, home) => recorder.step('preflight', async () => Promise.reject(await error(home))), args);
}
