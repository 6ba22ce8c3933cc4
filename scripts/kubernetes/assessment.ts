import { AppError } from '../core/errors.ts';
import type { OwnerFacts } from '../core/result.ts';
import type { Environment, Objection } from '../core/stack.ts';
import { type Credentials, countWaiting, credentialsOf, usesNeeded } from './credentials.ts';
import type { Cluster } from './find-cluster.ts';
import { hazardsOf, keysObjection, lossOf, restartRefusal, type Surroundings, writeRefusal } from './hazards.ts';
import { nameOf } from './model.ts';
import { ownSecretOf } from './own-entry.ts';
import { judgeOwners, reloaderOf } from './owners.ts';
import { checkRights, judgeRights, type RightsVerdict, rightsFor } from './permissions.ts';
import type { View } from './planned-secret.ts';
import { replicasOf } from './rollout-plan.ts';
import { choosePlace, type Place } from './token-place.ts';
import { contextObjection } from './which-cluster.ts';

export type Purpose = 'write' | 'clear' | 'look';

/** What a look at a workload amounts to before anything is changed. */
export interface Assessment {
  readonly credentials: Credentials;
  readonly owners: readonly OwnerFacts[];
  readonly rights: RightsVerdict;
  /** How many times the token will be used. */
  readonly uses: number;
  readonly extraStarts: number;
  /** Why the token cannot be taken out again; null: it can. */
  readonly needsToken: AppError | null;
  /** Why nothing can be changed, the worst first. */
  readonly refusals: readonly AppError[];
  readonly objections: readonly Objection[];
  /** What the reader has to know, a sentence each. */
  readonly warnings: readonly string[];
}

export interface AssessmentOptions {
  readonly cluster: Cluster;
  readonly purpose: Purpose;
  readonly variable: string;
  readonly write: 'auto' | 'secret' | 'own-secret';
  readonly hasBffUrl: boolean;
  readonly healthTimeoutMs: number;
}

/** Puts together what is known of a workload, its surroundings and the rights of who asks. */
export async function assess(
  options: AssessmentOptions,
  view: View,
  environment: Environment,
  surroundings: Promise<Surroundings>,
  signal: AbortSignal,
): Promise<Assessment> {
  const { cluster, purpose, variable } = options;
  const { workload, sources } = view;
  const { kubectl, namespace } = cluster;
  const place = placeOf(options, view);
  const source = sources.secrets.get(place.secret);
  const secret = typeof source === 'object' ? source : null;
  const rights = rightsFor({
    kind: workload.kind,
    name: workload.name,
    write: place.wrote,
    secret: place.secret,
    sources: [
      ...[...sources.secrets.keys()].map((name) => ({ kind: 'secret', name }) as const),
      ...[...sources.configMaps.keys()].map((name) => ({ kind: 'configmap', name }) as const),
    ].filter(({ name }) => name !== ownSecretOf(workload.name)),
    purpose,
    hasBffUrl: options.hasBffUrl,
  });
  const [missing, around] = await Promise.all([checkRights(kubectl, namespace, rights, signal), surroundings]);
  const judged = judgeRights(rights, missing ?? [], { namespace, name: workload.name });

  const path = environment['BFF_CLIENT_CRED_PATH'] ?? null;
  const credentials = credentialsOf(workload, path, around.claims);
  // With a Secret of its own, the change is one of the workload's template.
  const owned =
    place.wrote === 'own-secret' || secret === null
      ? judgeOwners(nameOf(workload), workload.object)
      : judgeOwners(`secret/${secret.name}`, secret);
  const { uses, extraStarts } = usesNeeded({
    kept: credentials.kept,
    replicas: replicasOf(workload),
    oldWaiting: countWaiting(around.pods, workload.container.name),
    write: place.wrote,
  });
  const hazards = hazardsOf(workload, around, {
    variable,
    environment,
    path,
    credentials,
    reloader: reloaderOf(workload, { name: place.secret, annotations: secret?.metadata.annotations }),
    healthTimeoutSeconds: options.healthTimeoutMs / 1_000,
  });
  const refusals = [judged.error, restartRefusal(workload, kubectl.typed), writeRefusal(workload, credentials, path)];
  const objections = [
    purpose === 'look' ? null : contextObjection(cluster, workload),
    owned.objection,
    purpose === 'clear' ? null : keysObjection(workload, credentials, environment, path),
  ];
  return {
    credentials,
    owners: owned.owners,
    rights: judged,
    uses,
    extraStarts,
    needsToken: lossOf(workload, credentials, path),
    refusals: refusals.filter((each) => each !== null),
    objections: objections.filter((each) => each !== null),
    warnings: [...judged.notes, ...owned.warnings, ...hazards],
  };
}

/** Where the token goes, as far as that can be told; what is wrong with that is said when it is planned. */
function placeOf({ variable, write }: AssessmentOptions, { workload, sources }: View): Omit<Place, 'notes'> {
  try {
    const annotations = workload.object.spec?.template.metadata?.annotations ?? {};
    return choosePlace({ workload, annotations, variable, write, sources, ownerOf: () => null });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { wrote: 'own-secret', secret: ownSecretOf(workload.name), key: variable };
  }
}
