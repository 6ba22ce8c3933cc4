import type { EnvVar } from 'kubernetes-types/core/v1.d.ts';
import { PLACEHOLDER } from '../compose-file/project-checks.ts';
import { AppError } from '../core/errors.ts';
import type { ChangeFacts, PriorValue } from '../core/result.ts';
import type { PlannedClear, PlannedWrite, Settings, Written } from '../core/stack.ts';
import { entryDiff, keyDiff } from './change-preview.ts';
import { isKeyRequired, placeToClear } from './clear-place.ts';
import type { Kubectl } from './kubectl.ts';
import { nameOf, type PatchOperation, type Workload } from './model.ts';
import { verifyOthers } from './other-settings.ts';
import {
  type EntryChange,
  type OwnEntry,
  ownSecretOf,
  rememberedEntry,
  toRemember,
  withOwnEntry,
  withoutOwnEntry,
} from './own-entry.ts';
import {
  changeKey,
  createSecret,
  giveUpClaim,
  type KeyState,
  lastWriterOf,
  readKey,
  removeSecret,
  tryChange,
  tryPatch,
} from './secret-key.ts';
import { type Proof, proveCleared, proveWritten } from './secret-proof.ts';
import { REPLACED } from './secret-template.ts';
import type { SecretSource, Sources } from './sources.ts';
import { choosePlace, type Place, type PlaceChoice } from './token-place.ts';

/** The workload and what its container's environment is made from, as both were read last. */
export interface View {
  readonly workload: Workload;
  /** Read for the container, with the workload's own Secret (`ownSecretOf`). */
  readonly sources: Sources;
}

export interface SecretChangesOptions extends Pick<PlaceChoice, 'variable' | 'write' | 'ownerOf'> {
  readonly kubectl: Kubectl;
}

/** Changes to the key of a Secret that takes the token. What is reported is always the difference to what was there at first. */
export interface SecretChanges {
  /**
   * Tries the change out on the API server (`--dry-run=server`) with a value that is none.
   *
   * @throws AppError what `choosePlace` throws, `value-elsewhere` for another variable, `admission-denied`, `rights-missing`
   */
  planWrite(view: View, settings: Settings, signal: AbortSignal): Promise<PlannedWrite>;
  /** @throws AppError where the value comes from what this tool cannot change */
  planClear(view: View, prior: PriorValue | null): PlannedClear;
  /**
   * What the restart has to change in the workload itself, as it is now. It is not done together with the Secret: pods of before
   * that still restart would get the token.
   *
   * @returns empty: nothing, a plain restart does
   */
  pendingTemplate(workload: Workload): readonly PatchOperation[];
  /** Whether the key still holds what this run wrote; null: nothing was written, or it cannot be read. */
  isStillWritten(signal: AbortSignal): Promise<boolean | null>;
  /** Where the token goes or went; null: not decided. */
  place(): Place | null;
}

/** What the container's `env` has to say of the workload's own Secret; null: what it says now. */
type Wanted = { readonly entry: 'own' } | { readonly entry: 'none'; readonly restored: EnvVar | null } | null;

const NEVER = new AbortController().signal;

export function createSecretChanges(options: SecretChangesOptions): SecretChanges {
  const { kubectl, variable } = options;
  let wanted: Wanted = null;
  let chosen: Place | null = null;
  let written: { readonly secret: string; readonly key: string; readonly value: string } | null = null;
  /** How the key was before this run wrote it first. */
  let original: { readonly secret: string; readonly prior: PriorValue } | null = null;

  const proofOf = (workload: Workload, { container }: EntryChange): Proof => {
    return { kubectl, workload, container, variable };
  };

  return {
    async planWrite(view, settings, signal) {
      const { workload, sources } = view;
      verifyOthers(kubectl, workload, sources, settings.correct);
      const annotations = workload.object.spec?.template.metadata?.annotations ?? {};
      const place = choosePlace({ ...options, workload, annotations, sources });
      const { secret, key } = place;
      chosen = place;
      const to: Wanted = place.wrote === 'own-secret' ? { entry: 'own' } : null;
      const entry = entryFor(workload, variable, to);
      const source = sourceOf(sources, secret);
      const before = priorOf(source, key);
      const remembered = toRemember(entry.replaced);
      const creation = { name: secret, key, annotations: remembered === null ? {} : { [REPLACED]: remembered } };
      const remembering = entry.operations.length === 0 ? [] : annotationOperations(source, remembered);
      const diff = (shown: string) => [keyDiff(secret, key, before, shown), entryDiff(workload, entry)];

      await Promise.all([
        source === null
          ? createSecret(kubectl, { ...creation, value: toBase64(PLACEHOLDER) }, 'server', signal)
          : tryChange(kubectl, secret, key, source.keys.length === 0, toBase64(PLACEHOLDER), signal),
        entry.operations.length === 0 ? null : tryPatch(kubectl, nameOf(workload), entry.operations, signal),
      ]);

      const put = async (value: string) => {
        if (source === null) await createSecret(kubectl, { ...creation, value }, 'none');
        else await changeKey(kubectl, secret, key, keyStateOf(source, key), value, remembering);
      };
      return {
        place: targetOf(secret),
        warnings: [...place.notes, ...forgetting(entry, variable)],
        preview: factsOf(workload, variable, secret, diff('‹the new IAT›')),
        command: writeCommand(kubectl, secret, key, source !== null),

        async write(token, handle, listener, signal): Promise<Written> {
          const value = toBase64(token.reveal());
          const wantedBefore = wanted;
          await put(value);
          const putBack = async () => {
            await restore(kubectl, place, value, source?.values[key] ?? null, source === null);
            wanted = wantedBefore;
            written = null;
          };
          listener.progress('checking what the container would get');
          let doubt: AppError | null;
          try {
            doubt = await proveWritten(proofOf(workload, entry), place, value, token.reveal(), signal);
          } catch (error) {
            await putBack();
            throw error;
          }
          wanted = to ?? wanted;
          written = { secret, key, value };
          original ??= { secret, prior: before };
          const facts = factsOf(workload, variable, secret, diff(`‹IAT ${handle}›`));
          return {
            change: { ...facts, wrote: place.wrote, before: original.prior },
            summary: summaryOf(workload, place, variable, entry),
            doubt,
            putBack,
          };
        },
      };
    },

    planClear(view, prior) {
      const { workload, sources } = view;
      const own = { variable, secret: ownSecretOf(workload.name) };
      const place = placeToClear(workload, sources, own);
      const { wrote, secret, key, source, isSet } = place;
      // This run wrote it where there was no value: it gets back exactly what was there.
      const was = original?.secret === secret ? original.prior : null;
      const isOurs = was !== null && was !== 'value';
      const before = isOurs ? was : prior;
      const restored = source === null ? null : rememberedEntry(source, variable);
      const to: Wanted = wrote === 'own-secret' ? { entry: 'none', restored } : wanted;
      const entry = entryFor(workload, variable, to);
      const old = source?.values[key] ?? null;
      const isLeft = wrote === 'secret' && (before === 'empty' || isKeyRequired(workload.podSpec, secret, key));
      const after = isLeft ? '' : null;
      const diff = [keyDiff(secret, key, priorOf(source, key), after === '' ? '""' : null), entryDiff(workload, entry)];
      const facts = factsOf(workload, variable, secret, isSet ? diff : []);
      const preview = isOurs || !isSet ? { ...facts, changed: [], ...(isOurs ? { diff: null } : {}) } : facts;

      // What gave way is remembered there until the restart has brought it back.
      const isKept = wrote === 'own-secret' && restored !== null && entry.operations.length > 0;
      const take = async () => {
        if (source === null) return;
        if (wrote === 'own-secret' && !isKept) await removeSecret(kubectl, secret, key);
        else await changeKey(kubectl, secret, key, keyStateOf(source, key), after);
      };
      return {
        place: targetOf(secret),
        isSet,
        preview,
        command: clearCommand(kubectl, secret, key, after, wrote),

        async clear(listener, signal): Promise<Written> {
          if (!isSet) {
            const summary = `${variable} has no value in ${targetOf(secret)}; only the running pods still have it`;
            return { change: null, summary, doubt: null, putBack: async () => {} };
          }
          const wantedBefore = wanted;
          await take();
          const putBack = async () => {
            if (source !== null && old !== null) {
              const remembered = restored === null ? {} : { [REPLACED]: JSON.stringify(restored) };
              await putBackCleared(kubectl, { name: secret, key, value: old, annotations: remembered }, after, wrote);
            }
            wanted = entry.operations.length > 0 ? { entry: 'own' } : wantedBefore;
          };
          listener.progress('checking what the container would get');
          try {
            await proveCleared(proofOf(workload, entry), signal);
          } catch (error) {
            await putBack();
            throw error;
          }
          wanted = to;
          written = null;
          if (wrote === 'secret' && (await giveUpClaim(kubectl, secret)))
            listener.note(`secret/${secret} still names this tool as one that manages a field (managedFields).`);
          return {
            change: { ...preview, wrote, before: was ?? priorOf(source, key) },
            summary: clearedSummary(workload, place, entry, isKept || wrote === 'secret', isLeft),
            doubt: null,
            putBack,
          };
        },
      };
    },

    pendingTemplate: (workload) => entryFor(workload, variable, wanted).operations,

    async isStillWritten(signal) {
      if (written === null) return null;
      const { secret, key, value } = written;
      const now = await readKey(kubectl, secret, key, signal).catch((error: unknown) => {
        if (error instanceof AppError && !signal.aborted) return undefined;
        throw error;
      });
      return now === undefined ? null : now?.value === value;
    },

    place: () => chosen,
  };
}

function entryFor(workload: Workload, variable: string, wanted: Wanted): EntryChange {
  if (wanted === null) return { container: workload.container, operations: [], replaced: null };
  const own: OwnEntry = { variable, secret: ownSecretOf(workload.name) };
  return wanted.entry === 'own' ? withOwnEntry(workload, own) : withoutOwnEntry(workload, own, wanted.restored);
}

/** How a person writes it. FILE holds the token alone, or for a patch `{"data": {KEY: the token in Base64}}`. */
function writeCommand({ typed }: Kubectl, secret: string, key: string, isThere: boolean): string {
  return isThere
    ? typed(['patch', `secret/${secret}`, '--type=merge', '--patch-file', 'FILE'])
    : typed(['create', 'secret', 'generic', secret, `--from-file=${key}=FILE`]);
}

function clearCommand({ typed }: Kubectl, secret: string, key: string, after: string | null, wrote: Place['wrote']) {
  if (wrote === 'own-secret') return typed(['delete', `secret/${secret}`]);
  return typed(['patch', `secret/${secret}`, '--type=merge', '-p', JSON.stringify({ data: { [key]: after } })]);
}

/** The key as it was before a write, if it still holds what was written. @throws AppError `secret-changed` */
async function restore(
  kubectl: Kubectl,
  { secret, key, wrote }: Place,
  value: string,
  old: string | null,
  wasMade: boolean,
): Promise<void> {
  const now = await readKey(kubectl, secret, key, NEVER);
  if (now === null || now.value === old) return;
  if (now.value !== value) throw await changedSince(kubectl, secret, key);
  if (wasMade) return removeSecret(kubectl, secret, key);
  await changeKey(kubectl, secret, key, now, old);
  if (wrote === 'secret') await giveUpClaim(kubectl, secret);
}

/** What was taken out comes back, if nothing else has come there. @param after what was left in its place */
async function putBackCleared(
  kubectl: Kubectl,
  secret: Parameters<typeof createSecret>[1],
  after: string | null,
  wrote: Place['wrote'],
): Promise<void> {
  const { name, key, value } = secret;
  const now = await readKey(kubectl, name, key, NEVER);
  if (now === null) {
    if (wrote === 'secret') throw await changedSince(kubectl, name, key);
    return createSecret(kubectl, secret, 'none');
  }
  if (now.value === value) return;
  if (now.value !== after) throw await changedSince(kubectl, name, key);
  await changeKey(kubectl, name, key, now, value);
}

async function changedSince(kubectl: Kubectl, secret: string, key: string): Promise<AppError> {
  const who = await lastWriterOf(kubectl, secret);
  return new AppError(
    'secret-changed',
    `The key ${key} of secret/${secret} was changed by ${who} in the meantime, and is left as it is.`,
    {
      hint: 'Look at what it holds, and set it by hand where that is wrong.',
    },
  );
}

function factsOf(workload: Workload, variable: string, secret: string, diffs: readonly string[]): ChangeFacts {
  const diff = diffs.filter((each) => each !== '').join('\n');
  return {
    files: [nameOf(workload)],
    service: workload.name,
    wrote: null,
    target: targetOf(secret),
    before: null,
    changed: [variable],
    diff: diff === '' ? null : diff,
  };
}

/** As the result names the object, and the reports remember it. */
function targetOf(secret: string): string {
  return `secret/${secret}`;
}

function sourceOf({ secrets }: Sources, name: string): SecretSource | null {
  const source = secrets.get(name);
  return typeof source === 'object' ? source : null;
}

function keyStateOf({ resourceVersion, keys, values }: SecretSource, key: string): KeyState {
  return { resourceVersion, value: values[key] ?? null, isEmpty: keys.length === 0 };
}

function priorOf(source: SecretSource | null, key: string): PriorValue {
  const value = source?.values[key];
  if (value === undefined) return 'absent';
  return value === '' ? 'empty' : 'value';
}

/** The Secret of the workload's own remembers what gave way to it, or nothing. */
function annotationOperations(source: SecretSource | null, remembered: string | null): PatchOperation[] {
  const annotations = source?.metadata.annotations ?? {};
  const path = `/metadata/annotations/${REPLACED.replace('/', '~1')}`;
  if (remembered === null) return REPLACED in annotations ? [{ op: 'remove', path }] : [];
  if (Object.keys(annotations).length > 0) return [{ op: 'add', path, value: remembered }];
  return [{ op: 'add', path: '/metadata/annotations', value: { [REPLACED]: remembered } }];
}

function forgetting({ replaced }: EntryChange, variable: string): string[] {
  if (replaced === null || toRemember(replaced) !== null) return [];
  return [
    `The entry of ${variable} in the pod template has a value of its own. It gives way, and does not come back with iat:clear. Old ReplicaSets still hold it.`,
  ];
}

function summaryOf(workload: Workload, { secret, key }: Place, variable: string, { operations }: EntryChange): string {
  const name = key === variable ? '' : ` (key ${key})`;
  const later = operations.length === 0 ? '' : `; ${nameOf(workload)} takes it from there with its restart`;
  return `${variable} in secret/${secret}${name}${later}`;
}

function clearedSummary(
  workload: Workload,
  { secret, key }: Pick<Place, 'secret' | 'key'>,
  { operations }: EntryChange,
  isKept: boolean,
  isLeft: boolean,
): string {
  const later = operations.length === 0 ? '' : `; ${nameOf(workload)} forgets it with its restart`;
  if (!isKept) return `secret/${secret} was removed${later}`;
  return `${key} ${isLeft ? 'no longer has a value in' : 'was removed from'} secret/${secret}${later}`;
}

function toBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
