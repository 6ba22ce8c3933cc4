import type { EnvVar } from 'kubernetes-types/core/v1.d.ts';
import { describe, expect, test } from 'vitest';
import { hintText } from '../../scripts/core/errors.ts';
import { type Credentials, credentialsOf } from '../../scripts/kubernetes/credentials.ts';
import { keysObjection, restartRefusal, writeRefusal } from '../../scripts/kubernetes/hazards.ts';
import { kept, workload } from './workload.ts';

type Options = Parameters<typeof workload>[0];

const PATH = '/app/keys/bff_client.json';
const typed = (args: readonly string[]) => ['kubectl', ...args].join(' ');

describe('a restart that would start nothing', () => {
  test.each<[string, Options, string | null, string, string]>([
    [
      'a paused Deployment',
      { spec: { paused: true } },
      'rollout-paused',
      'deployment/bff is paused, so no pod would start with the token.',
      'Let it go on, and run again. kubectl rollout resume deployment/bff',
    ],
    [
      'a Deployment that Reloader may have paused',
      { spec: { paused: true }, metadata: { annotations: { 'deployment.reloader.stakater.com/pause-period': '5m' } } },
      'rollout-paused',
      'deployment/bff is paused, so no pod would start with the token.',
      'Let it go on, and run again. If Reloader paused it, it goes on by itself after 5m. kubectl rollout resume deployment/bff',
    ],
    [
      'replicas 0',
      { kind: 'statefulset', spec: { replicas: 0 } },
      'no-replicas',
      'statefulset/bff is scaled to 0, so no pod would start with the token.',
      'Scale it up, and run again. kubectl scale statefulset/bff --replicas=1',
    ],
    [
      'a DaemonSet without a node',
      { kind: 'daemonset', status: { desiredNumberScheduled: 0 } },
      'no-replicas',
      'daemonset/bff runs on no node, so no pod would start with the token.',
      'Its nodeSelector, affinity and tolerations say on which nodes it runs.',
    ],
    [
      'OnDelete',
      { kind: 'statefulset', spec: { updateStrategy: { type: 'OnDelete' } } },
      'rollout-on-delete',
      'statefulset/bff replaces its pods only when they are deleted (OnDelete).',
      'Set its updateStrategy to RollingUpdate, and run again.',
    ],
    [
      'OnDelete of a DaemonSet',
      { kind: 'daemonset', spec: { updateStrategy: { type: 'OnDelete' } }, status: { desiredNumberScheduled: 2 } },
      'rollout-on-delete',
      'daemonset/bff replaces its pods only when they are deleted (OnDelete).',
      'Set its updateStrategy to RollingUpdate, and run again.',
    ],
    [
      'a partition',
      { kind: 'statefulset', spec: { replicas: 3, updateStrategy: { rollingUpdate: { partition: 2 } } } },
      'rollout-on-delete',
      'statefulset/bff replaces only its pods from number 2 on (partition).',
      'Set rollingUpdate.partition to 0, and run again: else the others go on without the token.',
    ],
  ])('%s', (_, options, code, message, hint) => {
    const refusal = restartRefusal(workload(options), typed);
    expect(refusal).toMatchObject({ code, message });
    expect(hintText(refusal?.hint ?? { text: '' })).toBe(hint);
  });

  test.each<[Options]>([
    [{}],
    [{ spec: { paused: false, replicas: 3 } }],
    [{ kind: 'statefulset', spec: { updateStrategy: { rollingUpdate: { partition: 0 } } } }],
    [{ kind: 'daemonset', spec: { updateStrategy: { type: 'RollingUpdate' } }, status: { desiredNumberScheduled: 1 } }],
  ])('%j is restarted', (options) => {
    expect(restartRefusal(workload(options), typed)).toBeNull();
  });
});

describe('credentials', () => {
  test('that cannot be written end the run before a token is used up', () => {
    const readOnly = workload({ container: { securityContext: { readOnlyRootFilesystem: true } } });
    const refusal = writeRefusal(readOnly, credentialsOf(readOnly, PATH, []), PATH);
    expect(refusal).toMatchObject({
      code: 'credentials-not-kept',
      message: `deployment/bff cannot write ${PATH}, which is on no volume, and the root file system is read-only.`,
      hint: { text: 'Mount a volume that can be written at /app/keys. A token would be used up for nothing.' },
    });
    expect(writeRefusal(readOnly, kept('not-kept'), PATH)).toBeNull();
  });

  const env = (...entries: EnvVar[]) => workload({ spec: { replicas: 3 }, container: { env: entries } });
  const FIXED: EnvVar = { name: 'DCR_CLIENT_ID', value: 'bff-server' };
  const POD_NAME: EnvVar = { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } };

  test('of several pods under one client id are keys that the IdP forgets', () => {
    const objection = keysObjection(env(FIXED), kept('not-kept'), { DCR_CLIENT_ID: 'bff-server' }, PATH);
    expect(objection).toMatchObject({
      error: {
        code: 'credentials-not-kept',
        message: `3 pods of deployment/bff would each register bff-server with keys of their own, and the IdP keeps only the last: ${PATH} is on no volume, so that it goes with its container.`,
        hint: {
          text: 'Mount one volume that all pods can write (ReadWriteMany) at /app/keys, or give each pod a DCR_CLIENT_ID of its own.',
        },
      },
      question: 'Register 3 pods under one client id anyway?',
      yieldsToForce: true,
    });
  });

  test.each<[string, EnvVar[], Credentials['kept'], boolean]>([
    ['each pod has a volume of its own', [FIXED], 'per-pod', true],
    ['all pods share a volume', [FIXED], 'shared', false],
    ['it is not known where they are', [FIXED], null, false],
    ['the id is the BFF’s own', [], 'not-kept', true],
    ['the id is the name of the pod', [{ ...POD_NAME, name: 'DCR_CLIENT_ID' }], 'not-kept', false],
    ['the id has the name of the pod in it', [POD_NAME, { ...FIXED, value: 'bff-$(POD_NAME)' }], 'not-kept', false],
    ['the name comes too late to be put in', [{ ...FIXED, value: 'bff-$(POD_NAME)' }, POD_NAME], 'not-kept', true],
    ['the id refers to itself', [{ ...FIXED, value: '$(DCR_CLIENT_ID)' }], 'not-kept', true],
    ['a later entry wins', [{ ...POD_NAME, name: 'DCR_CLIENT_ID' }, FIXED], 'not-kept', true],
    [
      'the id is a label, which all pods have',
      [{ name: 'DCR_CLIENT_ID', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } }],
      'not-kept',
      true,
    ],
  ])('%s', (_, entries, how, isObjected) => {
    expect(keysObjection(env(...entries), kept(how), {}, PATH) !== null).toBe(isObjected);
  });

  test('of one pod are no objection', () => {
    expect(keysObjection(workload({ spec: { replicas: 1 } }), kept('not-kept'), {}, PATH)).toBeNull();
  });
});
