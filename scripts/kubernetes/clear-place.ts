import type { PodSpec } from 'kubernetes-types/core/v1.d.ts';
import { AppError } from '../core/errors.ts';
import { type Origin, resolveEnvironment } from './environment.ts';
import { nameOf, type Workload } from './model.ts';
import { hasOwnEntry, type OwnEntry } from './own-entry.ts';
import type { SecretSource, Sources } from './sources.ts';
import { describe, isOfThisTool } from './token-place.ts';

/** Where a token is that is to be taken out. */
export interface ClearPlace {
  readonly wrote: 'secret' | 'own-secret';
  readonly secret: string;
  readonly key: string;
  /** null: there is no such Secret. */
  readonly source: SecretSource | null;
  /** A value is there, or a reference to the workload's own Secret. */
  readonly isSet: boolean;
}

/**
 * The Secret of the workload's own where there is something of it, else the key of the Secret that the value comes from.
 *
 * @throws AppError `value-literal`, `value-in-configmap`, `value-elsewhere`, `secret-immutable`, `rights-missing`: a value is
 *   there, and this tool cannot take it out
 */
export function placeToClear(workload: Workload, sources: Sources, own: OwnEntry): ClearPlace {
  const { container } = workload;
  const ownSource = sources.secrets.get(own.secret);
  const source = typeof ownSource === 'object' ? ownSource : null;
  const isOwnSet =
    hasOwnEntry(container, own) || Boolean(source && isOfThisTool(source) && source.values[own.variable]);
  const ownPlace = { wrote: 'own-secret', secret: own.secret, key: own.variable, source } as const;
  if (isOwnSet) return { ...ownPlace, isSet: true };

  const origin = decisive(resolveEnvironment(container, sources).originOf(own.variable));
  switch (origin.from) {
    case 'nowhere':
      return { ...ownPlace, isSet: false };
    case 'secret': {
      const found = sources.secrets.get(origin.object);
      if (origin.state === 'unknown') throw unreadable(own.variable, origin.object);
      const used = typeof found === 'object' ? found : null;
      const isSet = origin.state === 'value';
      if (isSet && used?.isImmutable) throw immutable(own.variable, origin.object);
      return { wrote: 'secret', secret: origin.object, key: origin.key, source: used, isSet };
    }
    case 'literal':
      if (origin.isEmpty) return { ...ownPlace, isSet: false };
      throw fixed('value-literal', workload, own.variable, origin);
    case 'config-map':
      if (origin.state !== 'value') return { ...ownPlace, isSet: false };
      throw fixed('value-in-configmap', workload, own.variable, origin);
    case 'elsewhere':
      throw fixed('value-elsewhere', workload, own.variable, origin);
  }
}

/** Whether a container of the pod, or a volume of it, cannot do without a key. */
export function isKeyRequired(podSpec: PodSpec, secret: string, key: string): boolean {
  const { containers, initContainers = [], volumes = [] } = podSpec;
  const byEntry = [...containers, ...initContainers].some(({ env = [] }) =>
    env.some(({ valueFrom }) => {
      const reference = valueFrom?.secretKeyRef;
      return reference?.name === secret && reference.key === key && reference.optional !== true;
    }),
  );
  const inVolume = volumes.some(({ secret: whole, projected }) => {
    const parts = (projected?.sources ?? []).flatMap(({ secret: part }) => (part === undefined ? [] : [part]));
    const all = [
      { name: whole?.secretName, items: whole?.items, optional: whole?.optional },
      ...parts.map(({ name, items, optional }) => ({ name, items, optional })),
    ];
    return all.some(
      ({ name, items = [], optional }) =>
        name === secret && optional !== true && items.some((item) => item.key === key),
    );
  });
  return byEntry || inVolume;
}

/** An optional key that is absent decides nothing. */
function decisive(origin: Origin): Origin {
  const isPassed =
    'state' in origin && origin.isOptional && (origin.state === 'absent' || origin.state === 'no-object');
  return isPassed && origin.behind.from !== 'nowhere' ? decisive(origin.behind) : origin;
}

function unreadable(variable: string, secret: string): AppError {
  return new AppError('rights-missing', `${variable} comes from secret/${secret}, which may not be read.`, {
    hint: 'Ask for the right to get and patch it.',
  });
}

function immutable(variable: string, secret: string): AppError {
  return new AppError('secret-immutable', `${variable} comes from secret/${secret}, which is immutable.`, {
    hint: `Take the reference to it out of the pod template where your team keeps that.`,
  });
}

function fixed(
  code: 'value-literal' | 'value-in-configmap' | 'value-elsewhere',
  workload: Workload,
  variable: string,
  origin: Origin,
): AppError {
  const what = `${variable} of ${nameOf(workload)} comes from ${describe(origin)}, where this tool did not write it.`;
  return new AppError(code, what, { hint: 'Take it out there, where your team keeps it.' });
}
