import process from 'node:process';
import { expect, test } from 'vitest';
import { describeWithDocker } from '../support/docker.ts';
import { verifyRefused } from '../support/refused.ts';
import { createStandIn } from '../support/stand-in.ts';

// The real docker command, which finds no daemon where it looks for one.
describeWithDocker('a daemon that does not answer', () => {
  test.for([
    ['DOCKER_HOST', 'unix:///nonexistent.sock', /The Docker daemon does not answer\.\s.*If\s+DOCKER_HOST\s+is\s+set/s],
    ['DOCKER_HOST', 'tcp://127.0.0.1:1', /No Docker daemon answers where.*\(127\.0\.0\.1:1\)/s],
    ['DOCKER_HOST', 'ssh://root@127.0.0.1:1', /ssh\s+cannot\s+get\s+there\s+\(127\.0\.0\.1\)/s],
    [
      'DOCKER_CONTEXT',
      'no-such-context',
      /The Docker context that is selected does not exist\s+\(no-such-context\)\.\s.*docker context ls/s,
    ],
  ] as const)('%s=%s', async ([name, value, words]) => {
    const standIn = await createStandIn([]);
    const env = { PATH: process.env['PATH'] ?? '', [name]: value };
    expect(await verifyRefused(standIn, 'docker-unreachable', { env })).toMatch(words);
  });
});
