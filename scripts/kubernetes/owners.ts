import type { ObjectMeta } from 'kubernetes-types/meta/v1.d.ts';
import { AppError } from '../core/errors.ts';
import type { OwnerFacts } from '../core/result.ts';
import type { Objection } from '../core/stack.ts';
import { FIELD_MANAGER, type Workload } from './model.ts';
import { quote } from './quote.ts';

/** An object as far as its owners can be told from it. */
export interface Owned {
  readonly metadata?: ObjectMeta;
}

/**
 * Who else keeps a Secret or a workload as it wants it. A name is '' where the object does not say it.
 *
 * @param object a Secret or a workload, with its `ownerReferences`, labels and annotations
 */
export function ownersOf(object: Owned): OwnerFacts[] {
  return findOwners(object).map(({ kind, name, reverts }) => ({ kind, name, reverts }));
}

/** What follows from the owners of an object that is to be changed. */
export interface OwnersVerdict {
  readonly owners: readonly OwnerFacts[];
  /** The code is `secret-owned`; null: nobody undoes the change before it has done its work. */
  readonly objection: Objection | null;
  /** A sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Whether a change of an object would last: of the Secret that holds the value, or of the workload where its template changes.
 *
 * @param name `secret/bff-secrets`, `deployment/bff`
 */
export function judgeOwners(name: string, object: Owned): OwnersVerdict {
  const found = findOwners(object);
  const refusing = found.find(({ isRefused }) => isRefused);
  const copies = object.metadata?.annotations?.[`${REFLECTOR}/reflection-auto-enabled`]?.toLowerCase() === 'true';
  return {
    owners: ownersOf(object),
    objection: refusing === undefined ? null : objectionOf(name, refusing),
    warnings: [
      ...found.filter(({ isRefused }) => !isRefused).map((owner) => `${who(owner)} ${owner.says(name)}`),
      ...(copies ? [`Reflector copies ${name} to other namespaces, and the token with it.`] : []),
    ],
  };
}

/**
 * The field manager for the restart. Flux takes `restartedAt` of any other manager out again at its next reconcile, which
 * restarts everything a second time (fluxcd/flux2#2526).
 */
export function restartManagerOf({ object }: Pick<Workload, 'object'>): string {
  return object.metadata?.labels?.[FLUX_KUSTOMIZATION] === undefined ? FIELD_MANAGER : 'flux-client-side-apply';
}

/** What Stakater Reloader does when a Secret of the workload changes. */
export interface Reloader {
  /** Why it acts: any Secret of the workload, this one by name, or this one by its annotation. */
  readonly by: 'auto' | 'name' | 'match';
  /** How long the Deployment is paused after it, such as `5m`; null: not at all. */
  readonly pausePeriod: string | null;
}

/**
 * Whether Reloader starts a rollout by itself when a Secret changes that the workload takes values from. A restart besides
 * would be a second one.
 *
 * @param secret as far as it is known; a Secret that is only about to be made has no annotations
 * @returns null: it does not
 */
export function reloaderOf(
  { object }: Pick<Workload, 'object'>,
  secret: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> | undefined },
): Reloader | null {
  const own = { ...object.spec?.template.metadata?.annotations, ...object.metadata?.annotations };
  const isOn = (name: string, annotations: Readonly<Record<string, string>> = own) =>
    annotations[name]?.toLowerCase() === 'true';
  const names = (name: string) =>
    (own[name] ?? '')
      .split(',')
      .map((each) => each.trim())
      .filter((each) => each !== '');
  const pausePeriod = own[`deployment.${RELOADER}/pause-period`] ?? null;

  if (isOn(`${RELOADER}/ignore`, secret.annotations ?? {})) return null;
  if (names(`secret.${RELOADER}/reload`).some((each) => isNamedBy(secret.name, each)))
    return { by: 'name', pausePeriod };
  if (isOn(`${RELOADER}/search`)) {
    return isOn(`${RELOADER}/match`, secret.annotations ?? {}) ? { by: 'match', pausePeriod } : null;
  }
  const isExcluded = names(`secrets.exclude.${RELOADER}/reload`).includes(secret.name);
  const isAuto = isOn(`${RELOADER}/auto`) || isOn(`secret.${RELOADER}/auto`);
  return isAuto && !isExcluded ? { by: 'auto', pausePeriod } : null;
}

/** Reloader takes a name for a regular expression as well. */
function isNamedBy(name: string, pattern: string): boolean {
  if (name === pattern) return true;
  // `.*` is all of the syntax that is met; another pattern would be somebody else's program in ours.
  const [first = '', ...rest] = pattern.split('.*');
  if (rest.length === 0 || !name.startsWith(first)) return false;
  const last = rest.at(-1) ?? '';
  return name.length >= first.length + last.length && name.endsWith(last);
}

interface Finding extends OwnerFacts {
  /** A change by hand is refused: it would be gone, perhaps before the new pods start. */
  readonly isRefused: boolean;
  /** What it does to the change, and the right way: after its name, and for an objection as a hint. */
  says(object: string): string;
}

type Rule = Omit<Finding, 'name'> & {
  /** The owner's name, '' where it is not told; null: it is no owner. */
  find(metadata: ObjectMeta): string | null;
};

function findOwners({ metadata = {} }: Owned): Finding[] {
  const found = RULES.flatMap(({ find, ...rule }) => {
    const name = find(metadata);
    return name === null ? [] : [{ ...rule, name: quote(name) }];
  });
  // An operator that has no rule of its own.
  const other = metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (other === undefined) return found;
  const [kind, own] = [quote(other.kind), quote(other.name)];
  if (found.some(({ name }) => name === own)) return found;
  return [
    {
      kind,
      name: own,
      reverts: 'at-once',
      isRefused: true,
      says: () => `Change it in ${kind} ${own}, as its operator wants it.`,
    },
    ...found,
  ];
}

function who({ kind, name }: OwnerFacts): string {
  return name === '' ? kind : `${kind} ${name}`;
}

const WHEN: Readonly<Record<OwnerFacts['reverts'], string>> = {
  'at-once': 'a change by hand is undone at once',
  'on-sync': 'its next sync undoes a change by hand',
  'on-upgrade': 'its next run undoes a change by hand',
};

function objectionOf(object: string, owner: Finding): Objection {
  const message = `${who(owner)} keeps ${object} as it wants it: ${WHEN[owner.reverts]}.`;
  const beside = object.startsWith('secret/') ? 'Or say --write own-secret: then nothing of it is touched. ' : '';
  return {
    error: new AppError('secret-owned', message, { hint: `${owner.says(object)} ${beside}--force changes it anyway.` }),
    question: `Change ${object} anyway?`,
    yieldsToForce: true,
  };
}

const RELOADER = 'reloader.stakater.com';
const REFLECTOR = 'reflector.v1.k8s.emberstack.com';
const FLUX_KUSTOMIZATION = 'kustomize.toolkit.fluxcd.io/name';
const HELM_RELEASE = 'meta.helm.sh/release-name';
const FLUX_HELM = 'helm.toolkit.fluxcd.io/name';

/** 10 hexadecimal digits of the hash, some of them replaced (kustomize, api/hasher: `encode`). */
const KUSTOMIZE_HASH = /^(.+)-[2456789bcdfghkmt]{10}$/;

const store = (kind: string, place: string) => ({
  kind,
  isRefused: true,
  says: () => `Put the token into ${place} that it reads from.`,
});

const copier = (kind: string, annotation: string): Rule => ({
  kind,
  reverts: 'on-sync',
  isRefused: true,
  says: () => 'Change the Secret that it copies.',
  find: ({ annotations = {} }) => annotations[annotation] ?? null,
});

const ownedBy =
  (...kinds: string[]) =>
  ({ ownerReferences = [] }: ObjectMeta) =>
    ownerReferences.find(({ kind }) => kinds.includes(kind))?.name ?? null;
const labelled =
  (name: string, value?: string) =>
  ({ labels = {} }: ObjectMeta) =>
    labels[name] !== undefined && (value === undefined || labels[name] === value) ? '' : null;
const either =
  (...finders: Rule['find'][]) =>
  (metadata: ObjectMeta) =>
    finders.map((find) => find(metadata)).find((name) => name !== null) ?? null;

const RULES: readonly Rule[] = [
  {
    ...store('ExternalSecret', 'the store'),
    reverts: 'at-once',
    find: ownedBy('ExternalSecret'),
  },
  {
    kind: 'External Secrets',
    reverts: 'at-once',
    isRefused: true,
    says: (object) => `Only with creationPolicy Merge would another key in ${object} stay.`,
    // Its ExternalSecret does not own it: creationPolicy is Merge or Orphan.
    find: (metadata) =>
      ownedBy('ExternalSecret')(metadata) === null
        ? labelled('reconcile.external-secrets.io/managed', 'true')(metadata)
        : null,
  },
  {
    ...store('Vault Secrets Operator', 'Vault'),
    reverts: 'on-sync',
    find: either(
      ownedBy('VaultStaticSecret', 'VaultDynamicSecret', 'VaultPKISecret', 'HCPVaultSecretsApp'),
      labelled('secrets.hashicorp.com/vso-ownerRefUID'),
      labelled('app.kubernetes.io/managed-by', 'hashicorp-vso'),
    ),
  },
  {
    ...store('Secrets Store CSI Driver', 'the store'),
    reverts: 'on-sync',
    find: either(ownedBy('SecretProviderClassPodStatus'), labelled('secrets-store.csi.k8s.io/managed', 'true')),
  },
  {
    ...store('Infisical', 'Infisical'),
    reverts: 'on-sync',
    find: either(ownedBy('InfisicalSecret', 'InfisicalDynamicSecret'), ({ annotations = {} }) =>
      annotations['secrets.infisical.com/version'] === undefined ? null : '',
    ),
  },
  {
    ...store('Doppler', 'Doppler'),
    reverts: 'on-sync',
    find: either(ownedBy('DopplerSecret'), labelled('secrets.doppler.com/subtype', 'dopplerSecret')),
  },
  copier('Reflector', `${REFLECTOR}/reflects`),
  copier('Replicator', 'replicator.v1.mittwald.de/replicate-from'),
  {
    kind: 'kustomize secretGenerator',
    reverts: 'on-upgrade',
    isRefused: true,
    says: () => `The name ends with a hash of what it holds: change it in kustomization.yaml.`,
    find: ({ name = '', ownerReferences = [] }) =>
      ownerReferences.length > 0 ? null : (KUSTOMIZE_HASH.exec(name)?.[1] ?? null),
  },
  {
    kind: 'SealedSecret',
    reverts: 'on-sync',
    isRefused: false,
    says: (object) => `overwrites ${object} when it changes or its controller restarts; until then the token stays.`,
    find: either(ownedBy('SealedSecret'), ({ name = '', annotations = {} }) =>
      annotations['sealedsecrets.bitnami.com/managed'] === 'true' ? name : null,
    ),
  },
  {
    kind: 'Argo CD application',
    reverts: 'on-sync',
    isRefused: false,
    says: (object) =>
      `keeps ${object}: what is added usually stays, but with selfHeal a field that Git holds is put back within seconds.`,
    find: (metadata) => argoTrackingId(metadata) ?? metadata.labels?.['argocd.argoproj.io/instance'] ?? null,
  },
  {
    kind: 'Helm or Argo CD',
    reverts: 'on-sync',
    isRefused: false,
    says: (object) => `may keep ${object}, by its labels: a sync or upgrade puts back what it renders.`,
    // Rendered by a chart, and not installed by Helm. Argo CD sets this label, too, unless it is told otherwise.
    find: (metadata) => {
      const { labels = {}, annotations = {} } = metadata;
      const isKnown = argoTrackingId(metadata) !== null || labels['argocd.argoproj.io/instance'] !== undefined;
      if (isKnown || annotations[HELM_RELEASE] !== undefined || isFlux(labels)) return null;
      return labels['app.kubernetes.io/instance'] ?? (labels['app.kubernetes.io/managed-by'] === 'Helm' ? '' : null);
    },
  },
  {
    kind: 'Helm release',
    reverts: 'on-upgrade',
    isRefused: false,
    says: (object) => `keeps ${object}: its next upgrade puts back what the chart renders.`,
    find: ({ annotations = {}, labels = {} }) => (isFlux(labels) ? null : (annotations[HELM_RELEASE] ?? null)),
  },
  {
    kind: 'Flux Kustomization',
    reverts: 'on-sync',
    isRefused: false,
    says: (object) => `keeps ${object}: its next reconcile puts back every field that Git holds.`,
    find: ({ labels = {} }) => labels[FLUX_KUSTOMIZATION] ?? null,
  },
  {
    kind: 'Flux HelmRelease',
    reverts: 'on-upgrade',
    isRefused: false,
    says: (object) => `keeps ${object}: its next upgrade puts back what the chart renders.`,
    find: ({ labels = {} }) => labels[FLUX_HELM] ?? null,
  },
];

function isFlux(labels: Readonly<Record<string, string>>): boolean {
  return labels[FLUX_HELM] !== undefined || labels[FLUX_KUSTOMIZATION] !== undefined;
}

/** `app:group/Kind:namespace/name`. A copy of the annotation on another object says nothing (Argo CD, "Resource Tracking"). */
function argoTrackingId({ annotations = {}, name = '', namespace }: ObjectMeta): string | null {
  const [app, , place = ''] = (annotations['argocd.argoproj.io/tracking-id'] ?? '').split(':');
  const [inNamespace, of] = place.split('/');
  return app !== undefined && of === name && (namespace ?? inNamespace) === inNamespace ? app : null;
}
