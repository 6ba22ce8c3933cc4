import { expect, test } from 'vitest';
import { AppError } from '../../scripts/core/errors.ts';
import { Secret } from '../../scripts/core/secret.ts';
import { restart } from '../../scripts/runbook/restart.ts';
import { ENVIRONMENT } from '../support/fake-bffs.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { createFakeRun, IAT } from '../support/fake-run.ts';
import { FakeStack } from '../support/fake-stack.ts';

function open(environment: Record<string, string>) {
  const clock = new FakeClock();
  const stack = new FakeStack(clock, environment, () => {});
  const { context, finish } = createFakeRun(clock, stack);
  const step = (token: Secret | null) =>
    context.recorder.step('restart', (scope) => restart(context, scope, stack, token, () => {}));
  return { stack, step, finish };
}

const token = new Secret(IAT, 'IAT');

test('a new instance with the token is what was wanted', async () => {
  const { stack, step, finish } = open({ ...ENVIRONMENT, DCR_IAT: IAT });
  const { instances } = await step(token);
  expect(instances[0].id).toBe(stack.current?.id);
  const { steps, facts } = finish({ verdict: 'healthy' });
  expect(steps).toMatchObject([{ status: 'passed', summary: expect.stringContaining('new container') }]);
  expect(Object.fromEntries(facts)['Container']).toMatch(/^fake-bff-1 \(0+\), image fake$/);
});

test.for([
  ['another token', token, 'test-only-another-token-0001'],
  ['a token that should be out', null, IAT],
  ['none', token, ''],
] as const)('an instance with %s: something else sets it', async ([, wanted, given]) => {
  const { step } = open({ ...ENVIRONMENT, DCR_IAT: given });
  await expect(step(wanted)).rejects.toMatchObject({
    code: 'effective-value',
    hint: { command: 'fake inspect fake-bff-1' },
  });
});

test('without a token, none is needed', async () => {
  await expect(open(ENVIRONMENT).step(null)).resolves.toMatchObject({ instances: [{ env: ENVIRONMENT }] });
});

test('an instance that could not be started is explained in the words of the engine', async () => {
  const { stack, step } = open({ ...ENVIRONMENT, DCR_IAT: IAT });
  stack.restart = async () => {
    const error = 'OCI runtime create failed: exec: "no-such-program": executable file not found in $PATH';
    stack.replace().change({ status: 'created', error });
    throw new AppError('container-not-started', 'It failed.');
  };
  await expect(step(token)).rejects.toMatchObject({
    code: 'container-not-started',
    message: expect.stringContaining('no-such-program'),
    hint: { text: expect.stringMatching(/does not exist in the image.* When that is fixed/), command: 'fake up bff' },
  });
});

test('what else goes wrong is passed on as it is', async () => {
  const { stack, step } = open(ENVIRONMENT);
  stack.restart = () => Promise.reject(new AppError('restart-failed', 'The engine said no.'));
  await expect(step(null)).rejects.toMatchObject({ code: 'restart-failed', message: 'The engine said no.' });
});
