import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { describeRight, type Right, rightsFor } from '../../scripts/kubernetes/permissions.ts';
import type { Review } from '../../scripts/sandbox/cluster/api-types.ts';
import { describeWithKubectl } from '../support/kubectl.ts';
import { openOnCluster } from './on-cluster.ts';

const RIGHTS = rightsFor({
  kind: 'deployment',
  name: 'bff',
  write: 'own-secret',
  secret: 'bff-dcr-iat',
  sources: [
    { kind: 'secret', name: 'bff-secrets' },
    { kind: 'configmap', name: 'bff-config' },
  ],
  purpose: 'write',
});

/** Those that are missed in a way of their own. */
const ALONE = ['list pods', 'watch pods', 'create pods/portforward', 'get secrets bff-dcr-iat'];

describeWithKubectl('a right that is missing', () => {
  test('ends the run before a token is minted where the run needs it, with a Role to ask for', async () => {
    let missing: readonly Right[] = [];
    const cluster = await openOnCluster({
      pods: 'failing',
      replicas: 1,
      rights: (review) => !missing.some((right) => isIt(review, right)),
    });
    const needed = RIGHTS.filter(({ without }) => without === undefined);
    // Without it nothing is known of the workload.
    const [first, ...others] = needed;
    const alone = needed.filter((right) => ALONE.includes(describeRight(right)));
    for (missing of [...alone.map((right) => [right]), others]) {
      const { exitCode, result, all } = await cluster.run('iat');
      const names = missing.map(describeRight);
      expect([exitCode, result?.error?.code, result?.kubernetes?.missingRights]).toEqual([3, 'rights-missing', names]);
      for (const name of names) expect(result?.error?.message).toContain(name);
      expect(all).toContain('kind: Role');
    }
    missing = first === undefined ? [] : [first];
    expect((await cluster.run('iat')).result?.error).toMatchObject({ code: 'rights-missing' });

    missing = RIGHTS.filter(({ without }) => without !== undefined);
    const { exitCode, result, run } = await cluster.run('iat', '--dry-run');
    expect([exitCode, result?.kubernetes?.missingRights]).toEqual([0, missing.map(describeRight)]);
    expect(run.warnings.join(' ')).toMatch(/You may not list events, watch events\. Without it/);
    expect(cluster.mints()).toBe(0);
    expect(await cluster.leaks()).toEqual([]);
  });

  test('the Role of the report is enough for the whole job', async () => {
    const isInIt = (review: Review) => review.subresource === 'portforward' || review.verb !== 'create';
    let isAllowed = isInIt;
    const cluster = await openOnCluster({ replicas: 1, rights: (review) => isAllowed(review) });
    const { run } = await cluster.run('iat');
    isAllowed = grantedBy(run.kubernetes?.role ?? '');
    expect((await cluster.run('iat')).result).toMatchObject({ verdict: 'healthy', kubernetes: { missingRights: [] } });
    const { exitCode, result: cleared } = await cluster.run('clear');
    expect([exitCode, cleared?.kubernetes?.missingRights]).toEqual([0, []]);
  });
});

function isIt(review: Review, { verb, group, resource, subresource = '', name = '' }: Right): boolean {
  return (
    review.verb === verb &&
    review.group === group &&
    review.resource === resource &&
    review.subresource === subresource &&
    (name === '' || review.name === name)
  );
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** What a Role allows, as the API server decides it (kubernetes: pkg/apis/rbac/v1/evaluation_helpers.go). */
function grantedBy(role: string): (review: Review) => boolean {
  const [document] = parseAllDocuments(role);
  const rules: readonly Rule[] = document?.toJS().rules ?? [];
  return ({ verb, group, resource, subresource, name }) =>
    rules.some(
      ({ apiGroups, resources, resourceNames, verbs }) =>
        apiGroups.includes(group) &&
        resources.includes(subresource === '' ? resource : `${resource}/${subresource}`) &&
        verbs.includes(verb) &&
        (resourceNames === undefined || resourceNames.includes(name)),
    );
}
