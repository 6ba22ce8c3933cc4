import { AppError } from '../core/errors.ts';
import type { OwnerFacts } from '../core/result.ts';
import { type KeyOrigin, type Origin, resolveEnvironment } from './environment.ts';
import { nameOf, type Workload } from './model.ts';
import { ownSecretOf } from './own-entry.ts';
import type { SecretSource, Sources } from './sources.ts';

/** The key of a Secret that the token goes into. */
export interface Place {
  readonly wrote: 'secret' | 'own-secret';
  readonly secret: string;
  readonly key: string;
  /** What a person has to know of it, a sentence each. */
  readonly notes: readonly string[];
}

export interface PlaceChoice {
  readonly workload: Workload;
  /** Of the pod template. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly variable: string;
  readonly write: 'auto' | 'secret' | 'own-secret';
  readonly sources: Sources;
  /** Who keeps a Secret as it wants it, so that a change would be undone; null: nobody. */
  ownerOf(secret: SecretSource): OwnerFacts | null;
}

/** The label of what this tool makes. */
export const MANAGED_BY = { 'app.kubernetes.io/managed-by': 'bff-iat' } as const;

/**
 * The key that is to be written. By itself it is the key of a Secret where the value comes from today, if that can be changed
 * for good; and a Secret of the workload's own where nothing holds the value yet.
 *
 * @throws AppError `value-hidden`, `value-literal`, `value-in-configmap`, `value-elsewhere`, `secret-immutable`, `secret-owned`,
 *   `pod-config`, `rights-missing`
 */
export function choosePlace(choice: PlaceChoice): Place {
  const { workload, variable, write, sources } = choice;
  const own = ownSecretOf(workload.name);
  const { origin, notes } = originOf(choice);
  const ownPlace = (...more: readonly string[]): Place => {
    verifyOwn(own, sources);
    return { wrote: 'own-secret', secret: own, key: variable, notes: [...more, ...notes] };
  };
  // A second run goes where the first one wrote.
  if (write === 'own-secret' || (origin.from === 'secret' && origin.object === own))
    return ownPlace(...hints(choice, origin));

  switch (origin.from) {
    case 'nowhere': {
      if (isInVaultTemplate(choice.annotations, variable)) throw elsewhere(choice, `a file of Vault's agent`);
      if (write === 'auto') return ownPlace(...hints(choice, origin));
      const whole = wholeSecret(choice);
      return { wrote: 'secret', ...whole, notes };
    }
    case 'secret':
      return ofKey(choice, origin, ownPlace, notes);
    case 'literal':
      if (!origin.isEmpty) throw literal(choice, origin.index);
      if (write === 'auto' && !holdsAny(origin.behind)) return ownPlace();
      throw hidden(choice, origin.index, origin.behind);
    case 'config-map':
      throw inConfigMap(choice, origin);
    case 'elsewhere':
      throw elsewhere(choice, origin.what);
  }
}

/** What has to be said of the entries and of the value that is there. */
function originOf({ workload, variable, sources }: PlaceChoice) {
  const resolved = resolveEnvironment(workload.container, sources);
  const origin = resolved.originOf(variable);
  const entries = resolved.entriesOf(variable);
  const notes: string[] = [];
  if (entries.length > 1) {
    const all = entries.map((index) => `env[${index}]`).join(' and ');
    notes.push(`${all} of container ${workload.container.name} both set ${variable}. The last one counts.`);
  }
  const flaw = flawOf(resolved.environment[variable] ?? '');
  if (flaw !== null)
    notes.push(`The value of ${variable} that is there now ${flaw}. It is part of the token for the BFF.`);
  return { origin, notes };
}

/** Base64 is made of bytes, and `echo` adds one (`echo token | base64`). null: nothing is wrong. */
export function flawOf(value: string): string | null {
  if (value.startsWith('\ufeff')) return 'begins with a byte order mark';
  if (/[\r\n]$/.test(value)) return 'ends with a line break';
  return null;
}

function ofKey(
  choice: PlaceChoice,
  origin: KeyOrigin,
  ownPlace: (...notes: readonly string[]) => Place,
  notes: readonly string[],
): Place {
  const { write, sources, variable, workload } = choice;
  const { object, key } = origin;
  const source = sources.secrets.get(object);
  if (source === 'forbidden' || source === undefined) {
    throw new AppError('rights-missing', `${variable} comes from secret/${object}, which may not be read.`, {
      hint: `Ask for the right to get and patch it, or say --write own-secret: then ${ownSecretOf(workload.name)} is written.`,
    });
  }
  if (source === 'missing') {
    if (origin.isOptional && write === 'auto')
      return ownPlace(`secret/${object}, which ${variable} is taken from, does not exist.`);
    throw new AppError('pod-config', `${variable} is taken from secret/${object}, which does not exist.`, {
      hint: `Without it the container ${origin.isOptional ? 'gets no token' : 'cannot start'}. Create it, or say --write own-secret to take ${variable} from a Secret of the workload's own.`,
    });
  }
  if (source.isImmutable) {
    const what = `secret/${object} is immutable: no key of it can be changed.`;
    if (write === 'auto')
      return ownPlace(`${what} So ${variable} is taken from a Secret of the workload's own instead.`);
    throw new AppError('secret-immutable', what, {
      hint: 'Say --write own-secret. Deleting it and creating it again under its name would not help: nodes keep the old value.',
    });
  }
  const owner = choice.ownerOf(source);
  if (owner !== null && write === 'auto') {
    throw new AppError(
      'secret-owned',
      `secret/${object} belongs to ${owner.kind} ${owner.name}, which would undo the change${WHEN[owner.reverts]}.`,
      {
        hint: `Say --write own-secret: then ${variable} is taken from a Secret of the workload's own, and this one is left alone. Or have the token set where ${owner.kind} takes it from.`,
      },
    );
  }
  return { wrote: 'secret', secret: object, key, notes: [...notes, ...lastAppliedNote(source, key)] };
}

const WHEN = { 'at-once': ' at once', 'on-sync': ' at its next sync', 'on-upgrade': ' at its next upgrade' } as const;

function lastAppliedNote({ name, isInLastApplied }: SecretSource, key: string): string[] {
  if (isInLastApplied === false) return [];
  const how = isInLastApplied ? 'keeps a copy' : 'may keep a copy';
  return [
    `secret/${name} was made by kubectl apply, and its annotation last-applied-configuration ${how} of ${key}. The next kubectl apply sets its own value again.`,
  ];
}

/** `--write secret` where nothing holds the value: the last whole Secret that the container takes. */
function wholeSecret({ workload, variable, sources }: PlaceChoice): { readonly secret: string; readonly key: string } {
  for (const { secretRef, prefix = '' } of [...(workload.container.envFrom ?? [])].reverse()) {
    const source = sources.secrets.get(secretRef?.name ?? '');
    if (typeof source !== 'object' || source.isImmutable) continue;
    if (variable.startsWith(prefix) && variable !== prefix)
      return { secret: source.name, key: variable.slice(prefix.length) };
  }
  throw new AppError(
    'value-elsewhere',
    `Container ${workload.container.name} takes ${variable} from nowhere, and no whole Secret (envFrom) that could be changed.`,
    { hint: `Say --write own-secret: then it is taken from a Secret of the workload's own.` },
  );
}

/** Where the token could come from besides its environment: not seen there, and perhaps stronger. */
function hints({ annotations, variable }: PlaceChoice, origin: Origin): string[] {
  if (origin.from !== 'nowhere' || annotations[VAULT_INJECT] !== 'true') return [];
  if (isInVaultTemplate(annotations, variable)) return [];
  return [
    `Vault's agent puts files into the pod (${VAULT_INJECT}). If the BFF's start command reads ${variable} from one of them, that value wins.`,
  ];
}

const VAULT_INJECT = 'vault.hashicorp.com/agent-inject';

function isInVaultTemplate(annotations: PlaceChoice['annotations'], variable: string): boolean {
  return Object.entries(annotations).some(
    ([name, value]) => name.startsWith(`${VAULT_INJECT}-`) && value.includes(variable),
  );
}

/** Whether some place gives a value, or could. */
function holdsAny(origin: Origin): boolean {
  return origin.from !== 'nowhere' && !(origin.from === 'literal' && origin.isEmpty && !holdsAny(origin.behind));
}

/** Whether a Secret was made by this tool. */
export function isOfThisTool({ metadata }: SecretSource): boolean {
  return Object.entries(MANAGED_BY).every(([label, value]) => metadata.labels?.[label] === value);
}

/** A Secret of that name may be somebody else's. */
function verifyOwn(name: string, { secrets }: Sources): void {
  const source = secrets.get(name);
  if (source === 'forbidden') {
    throw new AppError('rights-missing', `secret/${name}, which would be written, may not be read.`, {
      hint: 'Ask for the right to get, create, patch and delete Secrets in this namespace.',
    });
  }
  if (typeof source !== 'object') return;
  if (!isOfThisTool(source)) {
    const [label] = Object.entries(MANAGED_BY).map(([label, value]) => `${label}=${value}`);
    throw new AppError('secret-owned', `secret/${name} is there already, and was not made by this tool.`, {
      hint: `Rename or remove it, or give it the label ${label} if its key may be overwritten.`,
    });
  }
  if (source.isImmutable) {
    throw new AppError('secret-immutable', `secret/${name} is immutable: no key of it can be changed.`, {
      hint: 'Remove it, and run again.',
    });
  }
}

function literal({ workload, variable }: PlaceChoice, index: number): AppError {
  return new AppError(
    'value-literal',
    `${variable} stands in the pod template of ${nameOf(workload)} itself (env[${index}] of container ${workload.container.name}).`,
    {
      hint: `A token does not belong there: everybody who can see the workload or its old ReplicaSets can read it. Say --write own-secret: then the entry takes it from a Secret of the workload's own.`,
    },
  );
}

function hidden({ workload, variable }: PlaceChoice, index: number, behind: Origin): AppError {
  const wins = holdsAny(behind) ? `, and hides ${describe(behind)}` : '';
  return new AppError(
    'value-hidden',
    `env[${index}] of container ${workload.container.name} sets ${variable} to an empty text${wins}.`,
    {
      hint: `Remove that entry from the pod template and run again. Or say --write own-secret: then the entry takes the token from a Secret of the workload's own, and comes back with iat:clear.`,
    },
  );
}

function inConfigMap({ variable }: PlaceChoice, { object, key }: KeyOrigin): AppError {
  return new AppError('value-in-configmap', `${variable} comes from configmap/${object} (key ${key}).`, {
    hint: `A ConfigMap is no place for a token: the role view can read it. Say --write own-secret: then ${variable} is taken from a Secret of the workload's own. Or take the key out there and run again.`,
  });
}

function elsewhere({ variable }: PlaceChoice, what: string): AppError {
  return new AppError('value-elsewhere', `${variable} comes from ${what}, which this tool cannot write.`, {
    hint: `Set the token there, or say --write own-secret: then ${variable} is taken from a Secret of the workload's own.`,
  });
}

/** A place in a few words. */
export function describe(origin: Origin): string {
  switch (origin.from) {
    case 'nowhere':
      return 'nowhere';
    case 'literal':
      return `an entry with a value of its own (env[${origin.index}])`;
    case 'secret':
      return `secret/${origin.object} (key ${origin.key})`;
    case 'config-map':
      return `configmap/${origin.object} (key ${origin.key})`;
    case 'elsewhere':
      return origin.what;
  }
}
