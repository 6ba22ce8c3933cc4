import { expect, test } from 'vitest';
import { createScriptedKubectl, Feed } from '../support/scripted-kubectl.ts';

const NEVER = new AbortController().signal;

test('events come as kubectl prints them, indented or in one line each; what is none is left out', async () => {
  const feed = new Feed();
  const { kubectl } = createScriptedKubectl({ lines: (_, signal) => feed.read(signal) });
  feed.push('{', '    "type": "ADDED",', '    "object": {', '        "a": "}"', '    }', '}');
  feed.push('{"kind":"Pod"}', '{"type":"DELETED","object":null}');
  feed.push('{"type":"ADDED","object":{"kind":"Pod"}}', { stderr: 'Warning: something is deprecated' });
  feed.push('{"type":"BOOKMARK","object":{}}');
  feed.end();
  const documents: unknown[] = [];
  for await (const document of kubectl.documents(['get', 'pods'], NEVER)) documents.push(document);
  expect(documents).toEqual([
    { type: 'ADDED', object: { a: '}' } },
    { type: 'ADDED', object: { kind: 'Pod' } },
    { type: 'BOOKMARK', object: {} },
  ]);
});

test('its own flags stand in front of the command that a container gets', async () => {
  const args: (readonly string[])[] = [];
  const { kubectl } = createScriptedKubectl({
    run(_, call) {
      args.push(call.args);
      return '';
    },
  });
  await kubectl.run(['exec', 'bff-0', '--', 'curl', '--', 'x'], NEVER);
  const pins = ['--request-timeout=15s', '--context', 'test', '--namespace', 'crud'];
  expect(args).toEqual([['exec', 'bff-0', ...pins, '--', 'curl', '--', 'x']]);
  expect(kubectl.typed(['exec', 'bff-0', '--', 'sh'])).toBe('kubectl exec bff-0 --context test --namespace crud -- sh');
});
