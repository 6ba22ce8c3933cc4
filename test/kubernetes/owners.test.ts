import { describe, expect, test } from 'vitest';
import { hintText } from '../../scripts/core/errors.ts';
import { judgeOwners, type Owned, ownersOf, reloaderOf, restartManagerOf } from '../../scripts/kubernetes/owners.ts';
import { workload } from './workload.ts';

const secret = (metadata: Owned['metadata']): Owned => ({
  metadata: { name: 'bff-secrets', namespace: 'crud', ...metadata },
});
const ownedBy = (kind: string, name = 'its-owner') =>
  secret({ ownerReferences: [{ apiVersion: 'example.com/v1', kind, name, uid: '1', controller: true }] });
const labelled = (labels: Record<string, string>) => secret({ labels });
const annotated = (annotations: Record<string, string>) => secret({ annotations });

/** Those whose change by hand does not last: what the object is, who keeps it, when it reverts, and the right way. */
const REFUSED: readonly (readonly [Owned, string, string, RegExp])[] = [
  [ownedBy('ExternalSecret'), 'ExternalSecret its-owner', 'at-once', /into the store that it reads from/],
  [
    labelled({ 'reconcile.external-secrets.io/managed': 'true' }),
    'External Secrets',
    'at-once',
    /Only with creationPolicy Merge would another key in secret\/bff-secrets stay/,
  ],
  [ownedBy('VaultStaticSecret'), 'Vault Secrets Operator its-owner', 'on-sync', /into Vault that/],
  [ownedBy('VaultDynamicSecret'), 'Vault Secrets Operator its-owner', 'on-sync', /into Vault/],
  [labelled({ 'secrets.hashicorp.com/vso-ownerRefUID': '1' }), 'Vault Secrets Operator', 'on-sync', /into Vault/],
  [labelled({ 'app.kubernetes.io/managed-by': 'hashicorp-vso' }), 'Vault Secrets Operator', 'on-sync', /into Vault/],
  [labelled({ 'secrets-store.csi.k8s.io/managed': 'true' }), 'Secrets Store CSI Driver', 'on-sync', /into the store/],
  [ownedBy('SecretProviderClassPodStatus'), 'Secrets Store CSI Driver its-owner', 'on-sync', /into the store/],
  [ownedBy('InfisicalSecret'), 'Infisical its-owner', 'on-sync', /into Infisical/],
  [annotated({ 'secrets.infisical.com/version': '1' }), 'Infisical', 'on-sync', /into Infisical/],
  [labelled({ 'secrets.doppler.com/subtype': 'dopplerSecret' }), 'Doppler', 'on-sync', /into Doppler/],
  [
    annotated({ 'reflector.v1.k8s.emberstack.com/reflects': 'vault/bff' }),
    'Reflector vault/bff',
    'on-sync',
    /Change the Secret that it copies/,
  ],
  [
    annotated({ 'replicator.v1.mittwald.de/replicate-from': 'vault/bff' }),
    'Replicator vault/bff',
    'on-sync',
    /Change the Secret that it copies/,
  ],
  [
    secret({ name: 'bff-secrets-2g9f6c8h4t' }),
    'kustomize secretGenerator bff-secrets',
    'on-upgrade',
    /in kustomization\.yaml/,
  ],
  [ownedBy('Certificate', 'bff-tls'), 'Certificate bff-tls', 'at-once', /Change it in Certificate bff-tls/],
];

/** Those that let a change live for a while. */
const WARNED: readonly (readonly [Owned, string, string, RegExp])[] = [
  [
    ownedBy('SealedSecret', 'bff-secrets'),
    'SealedSecret bff-secrets',
    'on-sync',
    /overwrites secret\/bff-secrets when/,
  ],
  [
    annotated({ 'sealedsecrets.bitnami.com/managed': 'true' }),
    'SealedSecret bff-secrets',
    'on-sync',
    /its controller restarts/,
  ],
  [
    secret({
      labels: { 'app.kubernetes.io/managed-by': 'Helm', 'app.kubernetes.io/instance': 'bff' },
      annotations: { 'meta.helm.sh/release-name': 'bff', 'meta.helm.sh/release-namespace': 'crud' },
    }),
    'Helm release bff',
    'on-upgrade',
    /its next upgrade puts back what the chart renders/,
  ],
  [
    annotated({ 'argocd.argoproj.io/tracking-id': 'shop:/Secret:crud/bff-secrets' }),
    'Argo CD application shop',
    'on-sync',
    /selfHeal/,
  ],
  [labelled({ 'argocd.argoproj.io/instance': 'shop' }), 'Argo CD application shop', 'on-sync', /selfHeal/],
  [labelled({ 'app.kubernetes.io/instance': 'shop' }), 'Helm or Argo CD shop', 'on-sync', /may keep secret\/bff-sec/],
  [labelled({ 'app.kubernetes.io/managed-by': 'Helm' }), 'Helm or Argo CD', 'on-sync', /by its labels/],
  [
    labelled({ 'kustomize.toolkit.fluxcd.io/name': 'apps', 'kustomize.toolkit.fluxcd.io/namespace': 'flux-system' }),
    'Flux Kustomization apps',
    'on-sync',
    /its next reconcile puts back every field that Git holds/,
  ],
  [
    secret({
      labels: { 'helm.toolkit.fluxcd.io/name': 'bff', 'app.kubernetes.io/managed-by': 'Helm' },
      annotations: { 'meta.helm.sh/release-name': 'bff' },
    }),
    'Flux HelmRelease bff',
    'on-upgrade',
    /its next upgrade/,
  ],
];

describe('who keeps a Secret', () => {
  test.each(REFUSED)('%j is kept by %s, which reverts %s', (object, who, reverts, way) => {
    const { owners, objection, warnings } = judgeOwners('secret/bff-secrets', object);
    expect(owners.map(({ kind, name }) => `${kind} ${name}`.trim())).toEqual([who]);
    expect(owners[0]?.reverts).toBe(reverts);
    expect(warnings).toEqual([]);
    expect(objection?.error).toMatchObject({ code: 'secret-owned' });
    expect(objection?.error.message).toMatch(`${who} keeps secret/bff-secrets as it wants it: `);
    const hint = hintText(objection?.error.hint ?? { text: '' });
    expect(hint).toMatch(way);
    expect(hint).toMatch(/ Or say --write own-secret: then nothing of it is touched\. --force changes it anyway\.$/);
    expect(objection).toMatchObject({ yieldsToForce: true, question: 'Change secret/bff-secrets anyway?' });
  });

  test.each(WARNED)('%j is kept by %s, which reverts %s, and may be changed', (object, who, reverts, sentence) => {
    const { owners, objection, warnings } = judgeOwners('secret/bff-secrets', object);
    expect(owners.map(({ kind, name }) => `${kind} ${name}`.trim())).toEqual([who]);
    expect(owners[0]?.reverts).toBe(reverts);
    expect(objection).toBeNull();
    expect(warnings).toEqual([expect.stringMatching(sentence)]);
    expect(warnings[0]).toMatch(new RegExp(`^${who} `));
  });

  test.each([
    [secret({})],
    [{}],
    [labelled({ 'app.kubernetes.io/managed-by': 'kustomize', app: 'bff' })],
    // Copied from another object with all its annotations.
    [annotated({ 'argocd.argoproj.io/tracking-id': 'shop:/Secret:other/bff-secrets' })],
    // No digit of such a hash.
    [secret({ name: 'bff-secrets-production' })],
    [secret({ ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'garbage', uid: '1' }] })],
  ])('nobody keeps %j', (object) => {
    expect(judgeOwners('secret/bff-secrets', object)).toEqual({ owners: [], objection: null, warnings: [] });
  });

  test('all owners are named, and the one that refuses decides', () => {
    const both = secret({
      ...ownedBy('ExternalSecret', 'bff').metadata,
      labels: { 'kustomize.toolkit.fluxcd.io/name': 'apps', 'reconcile.external-secrets.io/managed': 'true' },
    });
    const { owners, objection, warnings } = judgeOwners('secret/bff-secrets', both);
    expect(owners).toEqual(ownersOf(both));
    expect(owners.map(({ kind }) => kind)).toEqual(['ExternalSecret', 'Flux Kustomization']);
    expect(objection?.error.message).toBe(
      'ExternalSecret bff keeps secret/bff-secrets as it wants it: a change by hand is undone at once.',
    );
    expect(warnings).toHaveLength(1);
  });

  test('a Secret that is copied to other namespaces takes the token there', () => {
    const copied = annotated({ 'reflector.v1.k8s.emberstack.com/reflection-auto-enabled': 'true' });
    expect(judgeOwners('secret/bff-secrets', copied).warnings).toEqual([
      'Reflector copies secret/bff-secrets to other namespaces, and the token with it.',
    ]);
  });

  test('where an operator keeps the workload, a Secret beside it is no way out', () => {
    const { objection } = judgeOwners('deployment/bff', ownedBy('BffServer', 'main'));
    expect(hintText(objection?.error.hint ?? { text: '' })).toBe(
      'Change it in BffServer main, as its operator wants it. --force changes it anyway.',
    );
  });
});

test.each([
  [{}, 'bff-iat'],
  [{ labels: { 'kustomize.toolkit.fluxcd.io/name': 'apps' } }, 'flux-client-side-apply'],
  [{ labels: { 'app.kubernetes.io/managed-by': 'Helm' } }, 'bff-iat'],
])('the restart of a workload with %j is made by %s', (metadata, manager) => {
  expect(restartManagerOf(workload({ metadata }))).toBe(manager);
});

describe('Reloader', () => {
  const R = 'reloader.stakater.com';
  const auto = { [`${R}/auto`]: 'true' };
  const searching = { [`${R}/search`]: 'true' };

  test.each([
    [{}, {}, null],
    [auto, {}, { by: 'auto', pausePeriod: null }],
    [{ [`secret.${R}/auto`]: 'true' }, {}, { by: 'auto', pausePeriod: null }],
    [{ [`configmap.${R}/auto`]: 'true' }, {}, null],
    [{ [`${R}/auto`]: 'false' }, {}, null],
    [auto, { [`${R}/ignore`]: 'true' }, null],
    [{ ...auto, [`secrets.exclude.${R}/reload`]: 'other,bff-secrets' }, {}, null],
    [{ [`secret.${R}/reload`]: 'other, bff-secrets' }, {}, { by: 'name', pausePeriod: null }],
    [{ [`secret.${R}/reload`]: 'bff-.*' }, {}, { by: 'name', pausePeriod: null }],
    [{ [`secret.${R}/reload`]: 'other' }, {}, null],
    [{ [`secret.${R}/reload`]: 'other-.*' }, {}, null],
    [searching, { [`${R}/match`]: 'true' }, { by: 'match', pausePeriod: null }],
    [searching, {}, null],
    [{ ...auto, [`deployment.${R}/pause-period`]: '5m' }, {}, { by: 'auto', pausePeriod: '5m' }],
  ])('a workload with %j and a Secret with %j: %j', (annotations, ofSecret, expected) => {
    const secret = { name: 'bff-secrets', annotations: ofSecret };
    expect(reloaderOf(workload({ metadata: { annotations } }), secret)).toEqual(expected);
    expect(reloaderOf(workload({ template: { metadata: { annotations } } }), secret)).toEqual(expected);
  });
});
