import { expect, test } from 'vitest';
import { changeKey, readKey } from '../../scripts/kubernetes/secret-key.ts';
import { createSecretsCluster } from './secrets-cluster.ts';

const NEVER = new AbortController().signal;

test.each([
  ['bff-iat', 'another run of this tool'],
  ['Helm', 'something else (the last writer that it names is Helm)'],
  ['evil\u001b[2J::error::x', 'something else (the last writer that it names is evil [2J::error::x)'],
])('who has changed a Secret since it was read is said by its field manager: %j', async (manager, who) => {
  const cluster = createSecretsCluster();
  cluster.putSecret('bff-secrets', { DCR_IAT: 'test-only-old' });
  const from = await readKey(cluster.kubectl, 'bff-secrets', 'DCR_IAT', NEVER);
  cluster.putSecret('bff-secrets', { DCR_IAT: 'test-only-of-the-other' }, {}, manager);
  if (from === null) throw new Error('there is no Secret');
  const change = changeKey(cluster.kubectl, 'bff-secrets', 'DCR_IAT', from, 'dGVzdC1vbmx5');
  const message = `secret/bff-secrets was changed by ${who} in the meantime, so nothing was written.`;
  await expect(change).rejects.toMatchObject({ code: 'secret-changed', message });
  expect(cluster.valueOf('bff-secrets', 'DCR_IAT')).toBe('test-only-of-the-other');
});
