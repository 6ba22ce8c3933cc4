import { FakeClock } from './fake-clock.ts';
import { FakeStack } from './fake-stack.ts';
import { describeStackContract } from './stack-contract.ts';

describeStackContract('the fake', async () => {
  const clock = new FakeClock();
  const stack = new FakeStack(clock, { DCR_ENABLED: 'true' }, async (bff, signal) => {
    bff.write('starts');
    await clock.sleep(100, signal);
    bff.exit(1, { status: 'restarting' });
    await clock.sleep(100, signal);
    bff.start({ counts: true });
  });
  return { stack, bytes: async () => stack.text(), remove: async () => stack.current?.remove() };
});
