import { join } from 'node:path';
import { expect } from 'vitest';
import { type ErrorCode, exitCodeOf } from '../../scripts/core/errors.ts';
import { documentOf } from './command.ts';
import { runHere } from './in-process.ts';
import { findLeaks, readAllFiles } from './leaks.ts';
import { ADMIN_TOKEN, OTHER_SECRET, type StandIn } from './stand-in.ts';

/** A run that must be refused. */
export interface Attempt {
  /** Beside those that point at the stand-in. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Beside those of the stand-in. */
  readonly secrets?: readonly string[];
  /** Mint requests; default none. */
  readonly mints?: number;
}

/**
 * Runs `iat --json` in this process, and checks what is true of every refusal: the exit code of its error, one document on
 * stdout, words for a person on stderr without a stack, in lines that fit, no secret, and every file as it was.
 *
 * @returns what a person reads, with its line breaks
 */
export async function verifyRefused(standIn: StandIn, code: ErrorCode, attempt: Attempt = {}): Promise<string> {
  const { home, env, args } = standIn;
  const before = await readOwnFiles(home);
  const ended = await runHere([...args, '--json', ...(attempt.args ?? [])], {
    cwd: home,
    env: { ...env, ...attempt.env },
    ...(attempt.input === undefined ? {} : { input: attempt.input }),
  });
  const { exitCode, stdout, stderr } = ended;
  const document = documentOf(ended);

  expect(document, stderr).toMatchObject({
    exitCode: exitCodeOf(code),
    verdict: 'failed',
    token: null,
    compose: null,
    error: { code, message: expect.stringMatching(/\w/), hint: expect.stringMatching(/\w/) },
  });
  expect(exitCode).toBe(exitCodeOf(code));
  expect(stderr).not.toMatch(/^\s+at .*[(:].*\.[cm]?[jt]sx?:\d|node:internal|inside this tool|undefined|\[object/m);
  expect(stderr).not.toMatch(/\.\.(?!\/)/);
  const tooLong = stderr
    .split('\n')
    .filter((line) => line.length > 80 && !isCommand(line) && line.trim().includes(' '));
  expect(tooLong).toEqual([]);

  expect(standIn.mints()).toBe(attempt.mints ?? 0);
  expect(await readOwnFiles(home)).toEqual(before);
  const written = { ...(await readAllFiles(home)), stdout, stderr };
  for (const path of Object.keys(before)) delete (written as Record<string, string>)[path];
  for (const secret of [ADMIN_TOKEN, OTHER_SECRET, ...(attempt.secrets ?? [])]) {
    expect(findLeaks(secret, written)).toEqual([]);
  }
  await standIn.idle();
  return stderr;
}

/** Commands are there to be copied: they are not broken. */
function isCommand(line: string): boolean {
  return /^ +(?:docker|npm) /.test(line);
}

/** All but what the command may write. */
async function readOwnFiles(home: string): Promise<Record<string, string>> {
  const files = Object.entries(await readAllFiles(home));
  return Object.fromEntries(files.filter(([path]) => !path.startsWith(`${join(home, 'reports')}/`)));
}
