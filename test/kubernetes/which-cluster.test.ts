import { describe, expect, test } from 'vitest';
import type { WorkloadKind } from '../../scripts/kubernetes/model.ts';
import { contextObjection, describeCluster } from '../../scripts/kubernetes/which-cluster.ts';

describe('which cluster it is', () => {
  const HERE = {
    context: 'staging',
    isContextNamed: false,
    server: 'https://10.0.0.1:6443',
    namespace: 'crud',
    version: '1.32.4',
  };
  const BFF = { kind: 'deployment' as WorkloadKind, name: 'bff' };

  test('is said in one line', () => {
    expect(describeCluster('kubectl', HERE, BFF)).toBe(
      'kubectl 1.32.4, context staging (https://10.0.0.1:6443), namespace crud, deployment/bff',
    );
    expect(describeCluster('oc', { ...HERE, context: null }, BFF)).toBe(
      'oc 1.32.4, the ServiceAccount of this pod (https://10.0.0.1:6443), namespace crud, deployment/bff',
    );
  });

  test('is asked about where nobody named it, also with --force', () => {
    expect(contextObjection(HERE, BFF)).toMatchObject({
      error: {
        code: 'context-unnamed',
        message: 'No context was named, and the current one is staging (https://10.0.0.1:6443).',
        hint: { text: 'If deployment/bff in namespace crud there is meant, say --context staging.' },
      },
      question: 'Use context staging (https://10.0.0.1:6443), namespace crud, deployment/bff?',
      yieldsToForce: false,
    });
  });

  test.each([
    ['it was named', { isContextNamed: true }],
    ['there is only one, the ServiceAccount’s', { context: null }],
  ])('is not asked about where %s', (_, how) => {
    expect(contextObjection({ ...HERE, ...how }, BFF)).toBeNull();
  });
});
