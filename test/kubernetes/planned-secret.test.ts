import type { Container, PodSpec } from 'kubernetes-types/core/v1.d.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AppError } from '../../scripts/core/errors.ts';
import { Secret } from '../../scripts/core/secret.ts';
import type { Workload } from '../../scripts/kubernetes/model.ts';
import { ownSecretOf } from '../../scripts/kubernetes/own-entry.ts';
import { createSecretChanges, type SecretChanges, type View } from '../../scripts/kubernetes/planned-secret.ts';
import { readSources } from '../../scripts/kubernetes/sources.ts';
import { createSecretsCluster, workloadOf } from './secrets-cluster.ts';

const NEVER = new AbortController().signal;
const VARIABLE = 'DCR_IAT';
const TOKEN = 'test-only-iat-9vB4nH6sYc2Jd5Ge';
const OLD = 'test-only-old-iat-3kQ8';
const OTHER = 'test-only-password-of-another-key';
const HANDLE = 'sha256:1a2b3c4d';
const NO_SETTINGS = { correct: {}, add: {} };

let cluster: ReturnType<typeof createSecretsCluster>;
/** Everything that a person or a report gets to see. */
let shown: unknown[];
const listener = {
  progress: (text: string) => void shown.push(text),
  note: (text: string) => void shown.push(text),
  warn: (text: string) => void shown.push(text),
};

beforeEach(() => {
  cluster = createSecretsCluster();
  shown = [];
});

// Whatever a test does: no form of a token or of another key leaves these modules but in a private file.
afterEach(() => {
  const forms = [TOKEN, OLD, OTHER].flatMap((each) => [each, Buffer.from(each).toString('base64')]);
  const changing = cluster.calls.filter(({ args }) => args[0] !== 'get');
  const open = JSON.stringify([shown, cluster.calls.map(({ args }) => args), changing.map(({ stdout }) => stdout)]);
  for (const form of forms) expect(open).not.toContain(form);
  const other = Buffer.from(OTHER).toString('base64');
  expect(cluster.calls.map(({ stdout }) => stdout).join()).not.toContain(other);
});

const viewOf = async (workload: Workload): Promise<View> => {
  cluster.putWorkload(workload);
  const request = { containers: [workload.container], variable: VARIABLE, ownSecret: ownSecretOf(workload.name) };
  return { workload, sources: await readSources(cluster.kubectl, request, NEVER) };
};

const changesOf = (write: 'auto' | 'secret' | 'own-secret' = 'auto', owner: string | null = null) =>
  createSecretChanges({
    kubectl: cluster.kubectl,
    variable: VARIABLE,
    write,
    ownerOf: ({ name }) => (name === owner ? { kind: 'ExternalSecret', name: 'bff', reverts: 'at-once' } : null),
  });

const plan = async (changes: SecretChanges, workload: Workload) => {
  const planned = await changes.planWrite(await viewOf(workload), NO_SETTINGS, NEVER);
  shown.push(planned);
  return planned;
};

const write = async (changes: SecretChanges, workload: Workload, signal = NEVER) => {
  const written = await (await plan(changes, workload)).write(new Secret(TOKEN, 'IAT'), HANDLE, listener, signal);
  shown.push(written);
  return written;
};

const clear = async (changes: SecretChanges, workload: Workload, prior: 'absent' | 'empty' | 'value' | null = null) => {
  const planned = changes.planClear(await viewOf(workload), prior);
  const cleared = await planned.clear(listener, NEVER);
  shown.push(planned, cleared);
  return cleared;
};

const refusal = async (work: Promise<unknown>): Promise<AppError> => {
  const error = await work.then(
    () => new Error('it was not refused'),
    (thrown: unknown) => thrown,
  );
  shown.push(error, error instanceof Error ? [error.message, (error as AppError).hint] : null);
  if (!(error instanceof AppError)) throw error;
  return error;
};

const FROM_SECRET: Partial<Container> = { envFrom: [{ secretRef: { name: 'bff-secrets' } }] };
const byKey = (optional?: boolean): Partial<Container> => ({
  env: [
    {
      name: VARIABLE,
      valueFrom: { secretKeyRef: { name: 'bff-secrets', key: 'iat', ...(optional ? { optional } : {}) } },
    },
  ],
});

test('a key that is there is written, and taken out again', async () => {
  cluster.putSecret('bff-secrets', { DCR_IAT: OLD, OTHER });
  const workload = workloadOf(FROM_SECRET);
  const changes = changesOf();
  const written = await write(changes, workload);
  expect(cluster.valueOf('bff-secrets', 'DCR_IAT')).toBe(TOKEN);
  expect(written).toMatchObject({
    doubt: null,
    summary: 'DCR_IAT in secret/bff-secrets',
    change: {
      wrote: 'secret',
      target: 'secret/bff-secrets',
      before: 'value',
      diff: `--- secret/bff-secrets\n+++ secret/bff-secrets\n@@ data @@\n-DCR_IAT: ‹value before›\n+DCR_IAT: ‹IAT ${HANDLE}›`,
    },
  });
  expect(changes.pendingTemplate(workload)).toEqual([]);
  expect(await changes.isStillWritten(NEVER)).toBe(true);
  expect((await clear(changes, workload)).summary).toBe('DCR_IAT was removed from secret/bff-secrets');
  expect(cluster.secret('bff-secrets')?.data).toEqual({ OTHER: Buffer.from(OTHER).toString('base64') });
});

test('what is tried out has no token, and every patch tests the version that was read', async () => {
  cluster.putSecret('bff-secrets', { DCR_IAT: OLD });
  const version = cluster.secret('bff-secrets')?.metadata?.resourceVersion;
  await write(changesOf(), workloadOf(FROM_SECRET));
  const [tried, made] = cluster.patches;
  expect(tried?.object).toBe('secret/bff-secrets (dry run)');
  expect(JSON.stringify(tried?.operations)).not.toContain(Buffer.from(TOKEN).toString('base64'));
  expect(made?.operations).toEqual([
    { op: 'test', path: '/metadata/resourceVersion', value: version },
    { op: 'add', path: '/data/DCR_IAT', value: Buffer.from(TOKEN).toString('base64') },
  ]);
});

test('where nothing holds the value, a Secret of its own is made, and the template waits for the restart', async () => {
  cluster.putSecret('bff-secrets', { OTHER });
  const workload = workloadOf({ ...FROM_SECRET, env: [{ name: 'A', value: 'b' }] });
  const changes = changesOf();
  const written = await write(changes, workload);
  expect(cluster.secret('bff-dcr-iat')).toMatchObject({
    type: 'Opaque',
    metadata: { labels: { 'app.kubernetes.io/managed-by': 'bff-iat' } },
  });
  expect(cluster.valueOf('bff-dcr-iat', VARIABLE)).toBe(TOKEN);
  expect(written.change).toMatchObject({ wrote: 'own-secret', target: 'secret/bff-dcr-iat', before: 'absent' });
  expect(written.change?.diff).toContain('+DCR_IAT from secret/bff-dcr-iat (key DCR_IAT, optional)');
  expect(cluster.patches.map(({ object }) => object)).toEqual(['deployment/bff (dry run)']);

  const operations = changes.pendingTemplate(workload);
  const started = cluster.patched(workload, operations);
  expect(started.container.env).toEqual([
    { name: 'A', value: 'b' },
    { name: VARIABLE, valueFrom: { secretKeyRef: { name: 'bff-dcr-iat', key: VARIABLE, optional: true } } },
  ]);
  expect(changes.pendingTemplate(started)).toEqual([]);

  const cleared = await clear(changes, started);
  expect(cleared.summary).toBe('secret/bff-dcr-iat was removed; deployment/bff forgets it with its restart');
  expect(cleared.change).toMatchObject({ before: 'absent', changed: [], diff: null });
  expect(cluster.secret('bff-dcr-iat')).toBeUndefined();
  const ended = cluster.patched(started, changes.pendingTemplate(started));
  expect(ended.container.env).toEqual([{ name: 'A', value: 'b' }]);
  await cleared.putBack();
  expect(cluster.valueOf('bff-dcr-iat', VARIABLE)).toBe(TOKEN);
  expect(cluster.patched(ended, changes.pendingTemplate(ended)).container.env).toEqual(started.container.env);
});

test('an entry that gives way is remembered, and comes back', async () => {
  cluster.putSecret('bff-secrets', { iat: OLD }, { immutable: true });
  const workload = workloadOf(byKey(true));
  const planned = await plan(changesOf(), workload);
  expect(planned.warnings[0]).toContain('immutable');
  const changes = changesOf();
  await write(changes, workload);
  const started = cluster.patched(workload, changes.pendingTemplate(workload));
  expect(started.container.env).toHaveLength(1);
  // The old token that comes back with it is one that is left.
  const error = await refusal(clear(changesOf(), started));
  expect([error.code, cluster.valueOf('bff-dcr-iat', VARIABLE)]).toEqual(['effective-value', TOKEN]);
  cluster.removeSecret('bff-secrets');
  const later = changesOf();
  await clear(later, started);
  expect(cluster.secret('bff-dcr-iat')?.data).toEqual({});
  expect(cluster.patched(started, later.pendingTemplate(started)).container.env).toEqual(workload.container.env);
});

test('a template without a list of variables is patched only as it was read', async () => {
  const workload = workloadOf();
  const changes = changesOf();
  await write(changes, workload);
  expect(changes.pendingTemplate(workload)).toEqual([
    { op: 'test', path: '/spec/template/spec/containers/0/name', value: 'bff' },
    { op: 'test', path: '/metadata/generation', value: 3 },
    { op: 'add', path: '/spec/template/spec/containers/0/env', value: [expect.objectContaining({ name: VARIABLE })] },
  ]);
});

test.each([
  ['required by the container', {}, null, ''],
  ['empty before', {}, 'empty', ''],
  [
    'required by a volume',
    { volumes: [{ name: 'v', secret: { secretName: 'bff-secrets', items: [{ key: 'iat', path: 'x' }] } }] },
    null,
    '',
  ],
  ['optional', {}, 'absent', undefined],
] as const)('what clearing leaves of a key: %s', async (what, podSpec, prior, left) => {
  cluster.putSecret('bff-secrets', { iat: TOKEN });
  const workload = workloadOf(byKey(what !== 'required by the container'), podSpec as unknown as Partial<PodSpec>);
  await clear(changesOf(), workload, prior);
  expect(cluster.valueOf('bff-secrets', 'iat')).toBe(left);
});

test.each([
  ['another key', { DCR_IAT: OLD, OTHER: `${OTHER}-2` }],
  ['the Secret is gone', null],
] as const)('a Secret that was changed since it was read is left alone: %s', async (_what, data) => {
  cluster.putSecret('bff-secrets', { DCR_IAT: OLD, OTHER });
  const planned = await plan(changesOf(), workloadOf(FROM_SECRET));
  if (data === null) cluster.removeSecret('bff-secrets');
  else cluster.putSecret('bff-secrets', data);
  const error = await refusal(planned.write(new Secret(TOKEN, 'IAT'), HANDLE, listener, NEVER));
  expect(error.code).toBe('secret-changed');
  expect(cluster.valueOf('bff-secrets', 'DCR_IAT')).toBe(data === null ? undefined : OLD);
});

test('a Secret of its own that another run of this tool has made meanwhile is left alone', async () => {
  const planned = await plan(changesOf(), workloadOf());
  cluster.putSecret('bff-dcr-iat', { DCR_IAT: OLD }, {}, 'bff-iat');
  const error = await refusal(planned.write(new Secret(TOKEN, 'IAT'), HANDLE, listener, NEVER));
  expect(error.message).toMatch(/changed by another run of this tool in the meantime/);
  expect([error.code, cluster.valueOf('bff-dcr-iat', VARIABLE)]).toEqual(['secret-changed', OLD]);
});

/** Does something right after the first call that really changes a Secret. */
function afterChange(then: () => void) {
  let isChanged = false;
  cluster.intercept((args) => {
    const isRead = args[0] === 'get' && args.some((arg) => arg.includes('define'));
    if (isRead && isChanged) {
      isChanged = false;
      then();
    }
    if (args.includes('--dry-run=none')) isChanged = true;
    return null;
  });
}

test('what puts the value back at once is said', async () => {
  cluster.putSecret('bff-secrets', { DCR_IAT: OLD });
  afterChange(() => cluster.putSecret('bff-secrets', { DCR_IAT: OLD }, {}, 'externalsecrets'));
  const error = await refusal(write(changesOf(), workloadOf(FROM_SECRET)));
  expect([error.code, cluster.valueOf('bff-secrets', 'DCR_IAT')]).toEqual(['reverted', OLD]);
});

test('a token that something beats is put back, and so is the claim on the field', async () => {
  cluster.putSecret('bff-secrets', { DCR_IAT: OLD }, {}, 'helm');
  const workload = workloadOf({ envFrom: [{ secretRef: { name: 'bff-secrets' } }, { configMapRef: { name: 'c' } }] });
  cluster.putConfigMap('c', {});
  afterChange(() => cluster.putConfigMap('c', { DCR_IAT: 'test-only-beats-it' }));
  const error = await refusal(write(changesOf(), workload));
  expect([error.code, cluster.valueOf('bff-secrets', 'DCR_IAT')]).toEqual(['effective-value', OLD]);
  expect(error.message).toContain('configmap/c (key DCR_IAT)');
  expect(cluster.managersOf('bff-secrets')).toEqual(['helm']);
});

test.each(['bff-secrets', 'bff-dcr-iat'])('an interruption puts everything back: %s', async (secret) => {
  cluster.putSecret('bff-secrets', secret === 'bff-secrets' ? { DCR_IAT: OLD } : {});
  const controller = new AbortController();
  afterChange(() => controller.abort(new AppError('interrupted', 'Interrupted.')));
  const changes = changesOf();
  const workload = workloadOf(FROM_SECRET);
  const error = await refusal(write(changes, workload, controller.signal));
  expect(error.code).toBe('interrupted');
  expect(cluster.valueOf(secret, VARIABLE)).toBe(secret === 'bff-secrets' ? OLD : undefined);
  expect(changes.pendingTemplate(workload)).toEqual([]);
});

test('a write that is put back later leaves nothing behind', async () => {
  const workload = workloadOf();
  const changes = changesOf();
  const { putBack } = await write(changes, workload);
  expect(changes.pendingTemplate(workload)).not.toEqual([]);
  await putBack();
  expect([cluster.secret('bff-dcr-iat'), changes.pendingTemplate(workload)]).toEqual([undefined, []]);
  expect(await changes.isStillWritten(NEVER)).toBeNull();
});

test('what somebody else has written since is not put back', async () => {
  cluster.putSecret('bff-secrets', { DCR_IAT: OLD });
  const { putBack } = await write(changesOf(), workloadOf(FROM_SECRET));
  cluster.putSecret('bff-secrets', { DCR_IAT: 'test-only-of-somebody' });
  expect((await refusal(putBack())).code).toBe('secret-changed');
  expect(cluster.valueOf('bff-secrets', VARIABLE)).toBe('test-only-of-somebody');
});

test('where it cannot be read back, the token stays, and that is said', async () => {
  cluster.putSecret('bff-secrets', { DCR_IAT: OLD });
  let isCut = false;
  afterChange(() => {
    isCut = true;
  });
  cluster.intercept(() => (isCut ? 'Unable to connect to the server: EOF' : null));
  const { doubt } = await write(changesOf(), workloadOf(FROM_SECRET));
  expect(doubt).toMatchObject({ code: 'cluster-unreachable' });
  expect(doubt?.hint?.command).toContain('len (index .data');
  expect(cluster.valueOf('bff-secrets', VARIABLE)).toBe(TOKEN);
});

test('an answer that is lost does not make a write unknown', async () => {
  cluster.putSecret('bff-secrets', { DCR_IAT: OLD });
  const planned = await plan(changesOf(), workloadOf(FROM_SECRET));
  let isLost = false;
  cluster.intercept((args) => {
    if (isLost || !args.includes('--dry-run=none')) return null;
    isLost = true;
    cluster.putSecret('bff-secrets', { DCR_IAT: TOKEN });
    return 'error: unexpected EOF';
  });
  const written = await planned.write(new Secret(TOKEN, 'IAT'), HANDLE, listener, NEVER);
  expect([written.doubt, isLost]).toEqual([null, true]);
});

test('a Secret that may not be deleted is emptied', async () => {
  const workload = workloadOf();
  const changes = changesOf();
  await write(changes, workload);
  cluster.intercept(([verb]) => (verb === 'delete' ? 'Error from server (Forbidden): secrets "x" is forbidden' : null));
  await clear(changes, cluster.patched(workload, changes.pendingTemplate(workload)));
  expect(cluster.secret('bff-dcr-iat')?.data).toEqual({});
});

test('a token that was written and never used is taken out as well', async () => {
  const workload = workloadOf();
  await write(changesOf(), workload);
  const changes = changesOf();
  await clear(changes, workload);
  expect([cluster.secret('bff-dcr-iat'), changes.pendingTemplate(workload)]).toEqual([undefined, []]);
});

test.each([
  ['Error from server (Forbidden): admission webhook "x" denied the request', true, 'admission-denied'],
  ['Error from server (Forbidden): secrets "x" is forbidden: User "u" cannot patch', false, 'rights-missing'],
  ['The Secret "bff-secrets" is invalid: data: Invalid value: "{…}"', true, 'admission-denied'],
  ['Error from server (InternalError): failed calling webhook', true, 'admission-denied'],
  ['Unable to connect to the server: EOF', true, 'cluster-unreachable'],
])('a change that is refused is known before the mint: %s', async (stderr, isAllowed, code) => {
  cluster.putSecret('bff-secrets', { DCR_IAT: OLD });
  cluster.intercept(([verb]) => {
    if (verb === 'patch') return `${stderr} ${OTHER}`;
    return verb === 'auth' && !isAllowed ? 'no' : null;
  });
  const error = await refusal(plan(changesOf(), workloadOf(FROM_SECRET)));
  expect(error.code).toBe(code);
});

test.each([
  [{ configMapRef: { name: 'c' } }, 'configmap/c (key DCR_ENABLED)', 'kubectl patch configmap/c --type=merge'],
  [
    null,
    'an entry with a value of its own (env[0])',
    'kubectl set env deployment/bff --containers=bff DCR_ENABLED=true',
  ],
] as const)('another variable that contradicts is refused with its place: %s', async (source, place, command) => {
  cluster.putConfigMap('c', { DCR_ENABLED: 'false' });
  const workload = workloadOf(
    source === null ? { env: [{ name: 'DCR_ENABLED', value: 'false' }] } : { envFrom: [source] },
  );
  const settings = { correct: { DCR_ENABLED: 'true' }, add: { IDP_BASE_URL: 'http://idp' } };
  const error = await refusal(changesOf().planWrite(await viewOf(workload), settings, NEVER));
  expect(error.code).toBe('value-elsewhere');
  expect(error.message).toContain(place);
  expect(error.hint?.command).toContain(command);
});

test('nothing to clear is nothing to change', async () => {
  const planned = changesOf().planClear(await viewOf(workloadOf()), null);
  expect(planned).toMatchObject({ isSet: false, place: 'secret/bff-dcr-iat', preview: { diff: null, changed: [] } });
  expect(await planned.clear(listener, NEVER)).toMatchObject({ change: null });
});

test.each([
  ['value-literal', { env: [{ name: VARIABLE, value: OLD }] }],
  ['value-in-configmap', { envFrom: [{ configMapRef: { name: 'c' } }] }],
  ['secret-immutable', FROM_SECRET],
] as const)('a value that this tool cannot take out is refused: %s', async (code, container) => {
  cluster.putConfigMap('c', { DCR_IAT: OLD });
  cluster.putSecret('bff-secrets', { DCR_IAT: OLD }, { immutable: true });
  const error = await refusal(clear(changesOf(), workloadOf(container as Partial<Container>)));
  expect(error.code).toBe(code);
});

test('a plan says what a person would type, with the token in a file', async () => {
  const changes = changesOf();
  const none = await plan(changes, workloadOf({ env: [] }));
  expect(none.command).toContain('create secret generic bff-dcr-iat --from-file=DCR_IAT=FILE');
  await none.write(new Secret(TOKEN, 'IAT'), HANDLE, listener, NEVER);
  const again = await plan(changes, workloadOf({ env: [] }));
  expect(again.command).toContain('patch secret/bff-dcr-iat --type=merge --patch-file FILE');
  const cleared = changes.planClear(await viewOf(workloadOf({ env: [] })), null);
  expect(cleared.command).toContain('delete secret/bff-dcr-iat');
});
