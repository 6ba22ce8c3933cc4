import { describe, expect, test } from 'vitest';
import type { CommandName } from '../../scripts/cli/commands.ts';
import { verifyNotTakenByNpm } from '../../scripts/cli/taken-by-npm.ts';
import type { Caller } from '../../scripts/core/callers.ts';
import type { AppError } from '../../scripts/core/errors.ts';

const OF_NPM = { npm_lifecycle_event: 'iat' };

interface Started {
  readonly command: CommandName;
  readonly platform: NodeJS.Platform;
  readonly caller: Caller;
}

function refusal(
  args: readonly string[],
  taken: Readonly<Record<string, string>>,
  { command = 'iat', platform = 'linux', caller = 'npm' }: Partial<Started> = {},
): AppError | null {
  try {
    verifyNotTakenByNpm(command, { args, env: { ...OF_NPM, ...taken }, platform, caller });
    return null;
  } catch (error) {
    return error as AppError;
  }
}

describe('an option that npm took for itself', () => {
  test.each([
    ['--dry-run', [], { npm_config_dry_run: 'true' }],
    ['--sandbox', [], { npm_config_sandbox: 'true' }],
    ['--no-restart', [], { npm_config_restart: '' }],
    ['--idp-url', ['http://idp.test'], { npm_config_idp_url: 'true' }],
    ['-f app/compose.yml', ['app/compose.yml'], { npm_config_force: 'true' }],
  ] as const)('%s ends the run', (flag, args, taken) => {
    const refused = refusal(args, taken);
    expect(refused?.code).toBe('usage');
    expect(refused?.message).toBe(`npm took ${flag} for itself, so nothing was run.`);
    expect(refused?.hint).toEqual({ text: 'Put -- in front of the options:', command: `npm run iat -- ${flag}` });
  });

  test('is said with the way out that works in PowerShell', () => {
    const refused = refusal([], { npm_config_sandbox: 'true' }, { platform: 'win32' });
    expect(refused?.hint?.text).toContain('In PowerShell say npm.cmd');
  });

  test("is said to who has a script of their own for the package's program", () => {
    const taken = { npm_lifecycle_event: 'token', npm_lifecycle_script: 'bff-iat iat', npm_config_dry_run: 'true' };
    expect(refusal([], taken, { caller: 'npx' })?.hint?.text).toBe('npx leaves the options to the program:');
    expect(refusal([], taken)).toBeNull();
  });
});

describe('nothing is said', () => {
  test.each([
    ['where the script has got it', ['--dry-run'], { npm_config_dry_run: 'true' }],
    ['where the script has got it with its value', ['--idp-url=http://idp.test'], { npm_config_idp_url: 'true' }],
    ['of what only npm was told', [], { npm_config_force: 'true', npm_config_json: 'true' }],
    ['of a switch that is off', [], { npm_config_sandbox: '', npm_config_restart: 'true' }],
    ['where another script of npm started it', [], { npm_lifecycle_event: 'test', npm_config_dry_run: 'true' }],
    ['of an option that the command does not have', [], { npm_config_log_file: 'true' }],
  ] as const)('%s', (_, args, env) => {
    expect(refusal(args, env)).toBeNull();
  });
});
