import { describe, expect, test } from 'vitest';
import { app, refusalOfSetting as set, source } from './files.ts';

describe('no message holds a value', () => {
  const secret = 'test-only-secret';
  test.each([
    `services:\n  app:\n    environment:\n      DCR_IAT: ${secret}: x\n`,
    `services:\n  app:\n    environment:\n      DCR_IAT: *${secret}\n`,
    `services:\n  app:\n    environment:\n      DCR_IAT: !${secret} x\n`,
    `services:\n  app:\n    environment:\n      DCR_IAT: @${secret}\n`,
    `services:\n  app:\n    environment:\n      DCR_IAT: "${secret}\n`,
    `services:\n  app:\n    environment:\n      DCR_IAT: "\\z${secret}"\n`,
    `services:\n  app:\n    environment:\n      - DCR_IAT:${secret}\n`,
    `services:\n  app:\n    environment:\n      - DCR_IAT =${secret}\n`,
    `services:\n  app:\n    environment:\n      - ${secret}: x\n`,
    `services:\n  app:\n    environment:\n      DCR_IAT: \${A:-${secret}}\n`,
    `services:\n  app:\n    environment: ${secret}\n`,
    `services:\n  app:\n    environment:\n      DCR_IAT: |\n        ${secret}\u0085\n`,
    `services:\n  app:\n    environment: {DCR_IAT: [${secret}]}\n`,
    `services:\n  app:\n    environment:\n      DCR_IAT: &t ${secret}\n    labels: {a: *t}\n`,
    `services:\n  app:\n    environment:\n    DCR_IAT=${secret}\n    image: x\n`,
  ])('%j', (file) => {
    const { message, hint, where } = set(file);
    expect(JSON.stringify({ message, hint, where })).not.toContain(secret);
  });

  test('the excerpt shows the key', () => {
    expect(set(app('    environment:\n      DCR_IAT: ${A} # c\n')).where?.excerpt).toBe('      DCR_IAT: ***');
    expect(set(app('    environment:\n      - DCR_IAT=${A}\n')).where?.excerpt).toBe('      - DCR_IAT=***');
  });
});

test('the message says who shares, and where', () => {
  const file = source`
    services:
      app:
        image: busybox
        environment: &common
          A: b
        labels: *common
      one:
        environment: *common
      two:
        environment:
          <<: *common
  `;
  expect(set(file).message).toBe(
    'A change in line 5 would also reach the service "app" (labels), the service "one", the service "two": the anchor &common is used there.',
  );
});
