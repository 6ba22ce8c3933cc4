import { AppError } from '../core/errors.ts';
import { type CommandResult, PRIVATE_FILE } from '../core/ports.ts';
import { reasonOf } from './failures.ts';
import type { Kubectl } from './kubectl.ts';
import { FIELD_MANAGER, type PatchOperation } from './model.ts';
import { quote } from './quote.ts';
import { MANAGED_BY } from './token-place.ts';

/** Of a Secret, as far as one key of it goes. */
export interface KeyState {
  readonly resourceVersion: string;
  /** Base64; null: it has no such key. */
  readonly value: string | null;
  /** It has no key at all. */
  readonly isEmpty: boolean;
}

/** What is put back or cleared is so also where the run has been interrupted. Each call has a time limit of its own. */
const NEVER = new AbortController().signal;

/** Prints the version only: every other output would show values. */
const VERSION_ONLY = ['-o', 'go-template={{.metadata.resourceVersion}}'];

/** @returns null: there is no such Secret. @throws AppError what keeps kubectl from an answer */
export async function readKey(
  kubectl: Kubectl,
  secret: string,
  key: string,
  signal: AbortSignal,
): Promise<KeyState | null> {
  const quoted = JSON.stringify(key);
  const template = `{{printf "[%q" .metadata.resourceVersion}}{{if .data}},false{{else}},true{{end}}{{range $k, $v := .data}}{{if eq $k ${quoted}}}{{printf ",%q" $v}}{{end}}{{end}}]`;
  const args = ['get', `secret/${secret}`, '--ignore-not-found=true', '-o', `go-template=${template}`];
  const result = await kubectl.run(args, signal);
  if (result.exitCode !== 0) throw kubectl.failure(result, args);
  if (result.stdout.trim() === '') return null;
  const [resourceVersion, isEmpty, value = null] = JSON.parse(result.stdout) as [string, boolean, string?];
  return { resourceVersion, value, isEmpty };
}

/**
 * Sets or removes one key of a Secret, if that is still as it was read. It is finished whatever is aborted.
 *
 * @param to Base64; null: the key is removed
 * @param operations what changes together with it
 * @throws AppError `secret-changed`, `secret-immutable`, `admission-denied`, `rights-missing`, and what keeps kubectl from an
 *   answer
 */
export async function changeKey(
  kubectl: Kubectl,
  secret: string,
  key: string,
  from: KeyState,
  to: string | null,
  operations: readonly PatchOperation[] = [],
): Promise<void> {
  if (to === from.value && operations.length === 0) return;
  const test: PatchOperation = { op: 'test', path: '/metadata/resourceVersion', value: from.resourceVersion };
  const patch = [test, ...keyOperations(key, from, to), ...operations];
  const args = patchArgs(`secret/${secret}`, 'none');
  const result = await kubectl.run(args, NEVER, { privateText: JSON.stringify(patch), ownGroup: true });
  if (result.exitCode === 0) return;
  const now = await readKey(kubectl, secret, key, NEVER).catch(() => undefined);
  // It may have been done although no answer came.
  if (reasonOf(result) === null && now?.value === to && now.resourceVersion !== from.resourceVersion) return;
  if (now === null) throw changed(secret, 'is gone');
  if (now !== undefined && now.resourceVersion !== from.resourceVersion)
    throw changed(secret, await inTheMeantime(kubectl, secret));
  throw await refusal(kubectl, result, args, `patch secret/${secret}`);
}

/**
 * Tries a change of one key out, with a value that is none.
 *
 * @throws AppError as `changeKey`
 */
export async function tryChange(
  kubectl: Kubectl,
  secret: string,
  key: string,
  isEmpty: boolean,
  standIn: string,
  signal: AbortSignal,
): Promise<void> {
  const patch = keyOperations(key, { value: null, isEmpty }, standIn);
  await tryPatch(kubectl, `secret/${secret}`, patch, signal);
}

/** Tries a JSON patch out. @throws AppError as `changeKey` */
export async function tryPatch(
  kubectl: Kubectl,
  object: string,
  patch: readonly PatchOperation[],
  signal: AbortSignal,
): Promise<void> {
  const args = patchArgs(object, 'server');
  const result = await kubectl.run(args, signal, { privateText: JSON.stringify(patch) });
  if (result.exitCode !== 0) throw await refusal(kubectl, result, args, `patch ${object}`);
}

export interface NewSecret {
  readonly name: string;
  readonly key: string;
  /** Base64. */
  readonly value: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * Makes a Secret of the workload's own.
 *
 * @param dryRun only tries it out
 * @throws AppError `secret-changed` where there is one by now, else as `changeKey`
 */
export async function createSecret(
  kubectl: Kubectl,
  { name, key, value, annotations }: NewSecret,
  dryRun: 'none' | 'server',
  signal: AbortSignal = NEVER,
): Promise<void> {
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, labels: MANAGED_BY, annotations },
    type: 'Opaque',
    data: { [key]: value },
  };
  const args = [
    'create',
    '-f',
    PRIVATE_FILE,
    // As true or false, which every version takes; what is sent is known to be valid.
    '--validate=false',
    '--save-config=false',
    `--field-manager=${FIELD_MANAGER}`,
    `--dry-run=${dryRun}`,
    ...VERSION_ONLY,
  ];
  const result = await kubectl.run(args, signal, { privateText: JSON.stringify(secret), ownGroup: dryRun === 'none' });
  if (result.exitCode === 0) return;
  const reason = reasonOf(result);
  if (reason === null && dryRun === 'none') {
    const now = await readKey(kubectl, name, key, NEVER).catch(() => null);
    if (now?.value === value) return;
  }
  if (reason === 'AlreadyExists') throw changed(name, await inTheMeantime(kubectl, name));
  throw await refusal(kubectl, result, args, `create secrets`);
}

/**
 * Deletes a Secret of the workload's own; where that is not allowed, the key is taken out of it.
 *
 * @throws AppError as `changeKey`
 */
export async function removeSecret(kubectl: Kubectl, name: string, key: string): Promise<void> {
  const args = ['delete', `secret/${name}`, '--ignore-not-found=true', '--wait=false', '-o', 'name'];
  await kubectl.run(args, NEVER, { ownGroup: true });
  // A user's defaults (kuberc) may have asked for a confirmation, and then nothing was done.
  const now = await readKey(kubectl, name, key, NEVER);
  if (now !== null) await changeKey(kubectl, name, key, now, null);
}

/**
 * Gives up the claim that a change leaves on a field: server-side apply of others would be refused from then on, such as an
 * upgrade by Helm 4 (helm/helm#31516). Nothing is done where nobody else has a claim, and nothing is thrown: it is a courtesy.
 *
 * @returns whether a claim is left
 */
export async function giveUpClaim(kubectl: Kubectl, secret: string): Promise<boolean> {
  const template = '{{range .metadata.managedFields}}{{printf "%s\\n" .manager}}{{end}}';
  const result = await kubectl.run(
    ['get', `secret/${secret}`, '--ignore-not-found=true', '-o', `go-template=${template}`],
    NEVER,
  );
  if (result.exitCode !== 0) return true;
  const managers = result.stdout.split('\n').filter((line) => line !== '');
  const index = managers.indexOf(FIELD_MANAGER);
  if (index < 0 || managers.every((manager) => manager === FIELD_MANAGER)) return false;
  const path = `/metadata/managedFields/${index}`;
  const patch: PatchOperation[] = [
    { op: 'test', path: `${path}/manager`, value: FIELD_MANAGER },
    { op: 'remove', path },
  ];
  const made = await kubectl.run(patchArgs(`secret/${secret}`, 'none'), NEVER, {
    privateText: JSON.stringify(patch),
    ownGroup: true,
  });
  return made.exitCode !== 0;
}

function keyOperations(
  key: string,
  { value, isEmpty }: Pick<KeyState, 'value' | 'isEmpty'>,
  to: string | null,
): PatchOperation[] {
  // Keys of Secrets have no letter that a JSON Pointer would escape.
  const path = `/data/${key}`;
  if (to === value) return [];
  if (to === null) return [{ op: 'remove', path }];
  return isEmpty ? [{ op: 'add', path: '/data', value: { [key]: to } }] : [{ op: 'add', path, value: to }];
}

/** `object` as `secret/NAME`. No flag is left to the user's defaults. */
function patchArgs(object: string, dryRun: 'none' | 'server'): string[] {
  return [
    'patch',
    object,
    '--type=json',
    '--patch-file',
    PRIVATE_FILE,
    `--field-manager=${FIELD_MANAGER}`,
    `--dry-run=${dryRun}`,
    ...VERSION_ONLY,
  ];
}

/**
 * Who wrote a Secret last, as far as it says who manages its fields. A claim may have been given up since.
 *
 * @returns "another run of this tool", "something else", "something else (the last writer that it names is Helm)"
 */
export async function lastWriterOf(kubectl: Kubectl, secret: string): Promise<string> {
  const template = '{{range .metadata.managedFields}}{{printf "%s %s\\n" .time .manager}}{{end}}';
  const args = ['get', `secret/${secret}`, '--ignore-not-found=true', '-o', `go-template=${template}`];
  const { stdout } = await kubectl.run(args, NEVER);
  // In whole seconds.
  const entries = stdout.split('\n').flatMap((line) => {
    const at = line.indexOf(' ');
    const [time, manager] = [line.slice(0, at), line.slice(at + 1)];
    return Number.isNaN(Date.parse(time)) ? [] : [{ time, manager }];
  });
  const newest = entries.reduce((latest, { time }) => (time > latest ? time : latest), '');
  const managers = entries.filter(({ time }) => time === newest).map(({ manager }) => manager);
  const other = managers.find((manager) => manager !== FIELD_MANAGER);
  if (other !== undefined) return `something else (the last writer that it names is ${quote(other)})`;
  return managers.length > 0 ? 'another run of this tool' : 'something else';
}

async function inTheMeantime(kubectl: Kubectl, secret: string): Promise<string> {
  return `was changed by ${await lastWriterOf(kubectl, secret)} in the meantime`;
}

function changed(secret: string, what: string): AppError {
  return new AppError('secret-changed', `secret/${secret} ${what}, so nothing was written.`, {
    hint: 'Run again. If it comes again, something else keeps this Secret as it wants it.',
  });
}

/** Why the API server refused a change. Its own words may hold the whole object, and are not read. */
async function refusal(
  kubectl: Kubectl,
  result: CommandResult,
  args: readonly string[],
  what: string,
): Promise<AppError> {
  const reason = reasonOf(result);
  const [verb = '', object = ''] = what.split(' ');
  if (reason === 'NotFound') {
    return new AppError('secret-changed', `${object} is gone, so nothing was changed.`, { hint: 'Run again.' });
  }
  const isRefused = reason === 'Invalid' || reason === 'BadRequest' || reason === 'InternalError';
  if (isRefused || (reason === 'Forbidden' && (await isAllowed(kubectl, verb, object)))) {
    return new AppError('admission-denied', `The cluster does not admit the change (${what}: ${reason}).`, {
      hint: {
        text: `A quota, a policy or a webhook refuses it, or the object cannot be changed. Its own words may hold secrets, so they are not shown. To see what is there:`,
        command: kubectl.typed(['get', 'events,resourcequota']),
      },
    });
  }
  return kubectl.failure(result, args);
}

/** Quotas and webhooks refuse with the same reason as missing rights. */
export async function isAllowed(kubectl: Kubectl, verb: string, object: string): Promise<boolean> {
  const result = await kubectl.run(['auth', 'can-i', verb, object], NEVER);
  return result.exitCode === 0;
}
