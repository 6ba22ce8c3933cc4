import { expect, test } from 'vitest';
import { AppError } from '../../scripts/core/errors.ts';
import { iat, type Terms } from '../support/iat-run.ts';

const error = new AppError('credentials-not-kept', 'No copy keeps its credentials.', { hint: 'Mount a volume.' });
const QUESTION = 'Mint a token for each start?';

/** The main job, where this speaks against it. */
function run(yieldsToForce: boolean, terms: Terms = {}) {
  return iat({
    ...terms,
    prepare(stack) {
      stack.objections = [{ error, question: QUESTION, yieldsToForce }];
    },
  });
}

const said = 'warning: No copy keeps its credentials. Mount a volume.';

test.for([
  ['nobody can be asked', false, {}],
  ['--force is not enough for it', false, { job: { force: true } }],
  ['a person says no', true, { tools: { confirm: async () => false } }],
] as const)('%s: it ends the run before anything is minted', async ([, yieldsToForce, terms]) => {
  const { result, stack, events } = await run(yieldsToForce, terms);
  expect(result).toMatchObject({ exitCode: 1, error: { code: 'credentials-not-kept' } });
  expect(events).not.toContain('mint');
  expect(stack.calls).toEqual([]);
});

test.for([
  ['--force', true, { job: { force: true } }, said],
  ['a dry run', false, { job: { dryRun: true } }, `${said} The run itself stops here, or asks first.`],
  [
    'a dry run of what --force goes on with',
    true,
    { job: { dryRun: true } },
    `${said} The run itself asks whether to go on, or stops here without --force.`,
  ],
  ['a dry run with --force', true, { job: { dryRun: true, force: true } }, said],
] as const)('%s: it is a warning', async ([, yieldsToForce, terms, warning]) => {
  const { result, events } = await run(yieldsToForce, terms);
  expect(result.exitCode).toBe(0);
  expect(events).toContain(warning);
});

test('where --force is enough, the error says so', async () => {
  const { result } = await run(true);
  expect(result.error?.hint?.text).toBe('Mount a volume. To go on anyway: --force.');
});

test('a person says yes', async () => {
  const asked: string[] = [];
  const confirm = async (question: string) => asked.push(question) > 0;
  const { result, events } = await run(false, { tools: { confirm } });
  expect(result.exitCode).toBe(0);
  expect(asked).toEqual([QUESTION]);
  expect(events).toContain(said);
});

test('starts that use the token besides get a use each', async () => {
  let uses = '';
  const { events } = await iat({
    prepare(stack) {
      stack.next = { ...stack.next, copies: 3, sharedPaths: [], extraStarts: 2 };
    },
    onMint: (variables) => {
      uses = variables['iat_max_usages'] ?? JSON.stringify(variables);
    },
  });
  expect(uses).toMatch(/5/);
  const words = /3 containers of bff keep their credentials apart.*, and 2 more starts use the token: .* for 5 uses\./;
  expect(events).toContainEqual(expect.stringMatching(words));
});
