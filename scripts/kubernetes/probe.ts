import { randomBytes } from 'node:crypto';
import type { Container, Event, Pod } from 'kubernetes-types/core/v1.d.ts';
import { AppError } from '../core/errors.ts';
import { type Clock, type CommandResult, PRIVATE_FILE } from '../core/ports.ts';
import type { Reach } from '../core/reach.ts';
import { askWith, hasOwnTrust, inLikelyOrder, insideReach, NO_TOOL, PROBE_TOOLS } from '../idp/probe-tools.ts';
import type { Kubectl } from './kubectl.ts';
import { FIELD_MANAGER, PROBE_NAME } from './model.ts';
import { MOUNT, SANDBOX, statusOf } from './pod-obstacle.ts';
import type { PodWatch } from './pod-watch.ts';
import { because, quote } from './quote.ts';
import { isAllowed } from './secret-key.ts';
import { watchUntil } from './watch-until.ts';

/** How long the temporary pod gets to start and to ask. */
const POD_MS = 30_000;

/** The cluster itself ends it then, should this process not be able to. */
const DEADLINE_SECONDS = 60;

/** A user who owns nothing, for images that would run as root: the level `restricted` of Pod Security forbids that. */
const NOBODY = 65_534;

export interface ProbeTools {
  readonly clock: Clock;
  readonly watch: Pick<PodWatch, 'eventsOf' | 'changed'>;
}

/**
 * Asks a URL from where a pod is: inside the container while it runs, else from a temporary pod with the same image on the same
 * node, which asks with all programs that an image may have at once. It has no label of the workload, so that neither a Service
 * nor a controller takes it for one of theirs, and it is removed in every case.
 *
 * @param container the one whose image is used
 */
export async function reachFromPod(
  kubectl: Kubectl,
  pod: Pod,
  container: string,
  url: string,
  tools: ProbeTools,
  signal: AbortSignal,
): Promise<Reach> {
  const name = pod.metadata?.name ?? '';
  const spec = specOf(pod, container);
  if (spec === undefined) return { kind: 'unknown', why: 'its pod has no such container' };
  const variables = (spec.env ?? []).map((entry) => entry.name);
  if (statusOf(pod, container)?.state?.running !== undefined) {
    const tools = inLikelyOrder([...(spec.command ?? []), ...(spec.args ?? []), spec.image ?? ''].join(' '));
    const exec = ['exec', `pod/${name}`, '-c', container, '--stdin=false', '--tty=false', '--'];
    const inside = await askWith(
      tools,
      async ({ program, args }) => orMissing(await kubectl.run([...exec, program, ...args(url)], signal)),
      isRefused,
    );
    if (inside.kind === 'said') return insideReach(inside.reach, variables);
    if (inside.kind === 'no-tool') return NO_TOOL;
  }
  const reach = await fromOwnPod(kubectl, pod, spec, url, tools, signal);
  if (reach.kind === 'timeout')
    return {
      kind: 'unknown',
      why: 'a pod beside it gets no answer, and a NetworkPolicy may treat the two differently',
    };
  const mounts = (spec.volumeMounts ?? []).map((entry) => entry.mountPath);
  if (reach.kind === 'tls' && hasOwnTrust(variables, mounts))
    return {
      kind: 'unknown',
      why: 'its image alone does not trust the certificate, and certificates that the pod adds cannot be checked',
    };
  return reach;
}

/** kubectl or the cluster is what failed, so that nothing was run. */
function isRefused(result: CommandResult): boolean {
  return result.exitCode !== MISSING && /^(?:error: |Error from server|Unable to connect)/m.test(result.stderr);
}

/** The exit code of a program that is not there, as a shell has it. */
const MISSING = 127;

/** A program that the image does not have is the container runtime's error, which kubectl reports as its own. */
function orMissing(result: CommandResult): CommandResult {
  return NO_PROGRAM.test(result.stderr) ? { ...result, exitCode: MISSING, stderr: '' } : result;
}

const NO_PROGRAM =
  /^(?:error|Error from server).{1,1000}(?:executable file not found|no such file or directory|permission denied: unknown)/m;

async function fromOwnPod(
  kubectl: Kubectl,
  pod: Pod,
  container: Container,
  url: string,
  tools: ProbeTools,
  signal: AbortSignal,
): Promise<Reach> {
  const name = `${PROBE_NAME}${randomBytes(5).toString('hex')}`;
  const create = [
    'create',
    '-f',
    PRIVATE_FILE,
    '--edit=false',
    '--save-config=false',
    '--dry-run=none',
    '--validate=false',
  ];
  let mayBeThere = true;
  try {
    const made = await kubectl.ask([...create, `--field-manager=${FIELD_MANAGER}`], signal, {
      privateText: JSON.stringify(probePod(name, pod, container, url)),
    });
    if (!made.ok) {
      mayBeThere = made.reason === null;
      // Quotas, Pod Security and webhooks refuse with the same reason as missing rights.
      const isDenied = made.reason === 'Forbidden' && !(await isAllowed(kubectl, 'create', 'pods'));
      const why = isDenied
        ? 'neither its container nor a pod beside it may ask'
        : made.reason === null
          ? 'the cluster makes no pod beside it'
          : 'a quota, a policy or a webhook of the cluster refuses a pod beside it';
      return { kind: 'unknown', why };
    }
    const ended = await untilEnded(kubectl, name, tools, signal);
    if (typeof ended === 'string') return { kind: 'unknown', why: ended };
    const { phase, reason, message, conditions } = ended.status ?? {};
    if (phase === 'Failed' && reason)
      return { kind: 'unknown', why: `its node refuses a pod beside it (${quote(reason)})${because(message)}` };
    if (isUnschedulable(ended))
      return {
        kind: 'unknown',
        why: `a pod beside it finds no node${because(conditions?.find(isOfSchedule)?.message)}`,
      };
    if (PROBE_TOOLS.every(({ program }) => isWithoutImage(ended, program)))
      return { kind: 'unknown', why: 'a pod beside it cannot pull its image' };
    const flags = [
      '--all-containers=true',
      '--prefix=true',
      '--ignore-errors=true',
      '--timestamps=false',
      '--follow=false',
    ];
    const { stdout } = await kubectl.run(['logs', name, ...flags, '--tail=-1'], signal);
    for (const { program, read } of PROBE_TOOLS) {
      const end = statusOf(ended, program)?.state?.terminated;
      if (end === undefined || end.reason === 'StartError' || end.reason === 'ContainerCannotRun') continue;
      const prefix = `[pod/${name}/${program}] `;
      const lines = stdout.split('\n').filter((line) => line.startsWith(prefix));
      const said = lines.map((line) => line.slice(prefix.length)).join('\n');
      const reach = read({ exitCode: end.exitCode, stdout: said, stderr: said, startError: null, timedOut: false });
      if (reach !== null) return reach;
    }
    return NO_TOOL;
  } finally {
    const remove = [
      'delete',
      'pod',
      name,
      '--wait=false',
      '--grace-period=0',
      '--ignore-not-found=true',
      '--dry-run=none',
    ];
    // Also where the run is interrupted.
    if (mayBeThere) await kubectl.run(remove, new AbortController().signal).catch(() => {});
  }
}

/** @returns why it does not start, in half a sentence, or the pod at its end */
async function untilEnded(
  kubectl: Kubectl,
  name: string,
  { clock, watch }: ProbeTools,
  signal: AbortSignal,
): Promise<Pod | string> {
  const ending = new AbortController();
  const end = AbortSignal.any([signal, ending.signal]);
  const told = async () => {
    for (;;) {
      const why = whyNotStarted(watch.eventsOf(name), LASTING);
      if (why !== null) return why;
      await watch.changed(end);
    }
  };
  const ended = watchUntil(kubectl, ['pod', name], hasEnded, { ms: POD_MS, clock }, end);
  ended.catch(() => {});
  // Without events the pod alone tells.
  const word = told().catch(() => ended);
  word.catch(() => {});
  try {
    const found = await Promise.race([ended, word]);
    return found ?? whyNotStarted(watch.eventsOf(name), 1) ?? 'a pod beside it does not start in time';
  } finally {
    ending.abort(new AppError('interrupted', 'The wait has ended.'));
  }
}

/** What fails so often does not mend itself at once. */
const LASTING = 2;

/** Of what comes before all containers only events tell. @param least how often it has to have failed */
function whyNotStarted(events: readonly Event[], least: number): string | null {
  const failures = events.filter(({ reason = '' }) => reason === SANDBOX || MOUNT.includes(reason));
  const times = failures.reduce((sum, { count, series }) => sum + (series?.count ?? count ?? 1), 0);
  const last = failures.at(-1);
  if (last === undefined || times < least) return null;
  const what = last.reason === SANDBOX ? 'gets no network from its node' : 'waits for a volume';
  return `a pod beside it ${what}${because(last.message)}`;
}

function isOfSchedule({ type }: { readonly type: string }): boolean {
  return type === 'PodScheduled';
}

function isUnschedulable({ status }: Pod): boolean {
  const condition = status?.conditions?.find(isOfSchedule);
  return condition?.status === 'False' && condition.reason === 'Unschedulable';
}

/** All of its own containers have ended or cannot start; a mesh may add one that stays. */
function hasEnded(pod: Pod): boolean {
  const isOver = ({ program }: { readonly program: string }) => {
    const { terminated, waiting } = statusOf(pod, program)?.state ?? {};
    return terminated !== undefined || CANNOT_START.includes(waiting?.reason ?? '') || isWithoutImage(pod, program);
  };
  return pod.status?.phase === 'Failed' || isUnschedulable(pod) || PROBE_TOOLS.every(isOver);
}

function isWithoutImage(pod: Pod, program: string): boolean {
  return NO_IMAGE.includes(statusOf(pod, program)?.state?.waiting?.reason ?? '');
}

const NO_IMAGE: readonly string[] = ['ErrImagePull', 'ImagePullBackOff', 'ErrImageNeverPull', 'InvalidImageName'];

const CANNOT_START: readonly string[] = ['RunContainerError', 'CreateContainerError', 'CreateContainerConfigError'];

/** What the temporary pod is; it passes the level `restricted` of Pod Security. */
function probePod(name: string, { spec }: Pod, { image, securityContext }: Container, url: string): Pod {
  const user = securityContext?.runAsUser ?? spec?.securityContext?.runAsUser ?? 0;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      labels: { 'app.kubernetes.io/managed-by': FIELD_MANAGER, 'sidecar.istio.io/inject': 'false' },
      // A mesh would have no network before its proxy has started.
      annotations: { 'sidecar.istio.io/inject': 'false', 'linkerd.io/inject': 'disabled' },
    },
    spec: {
      restartPolicy: 'Never',
      activeDeadlineSeconds: DEADLINE_SECONDS,
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      // Where the image is already; no scheduler is asked.
      ...(spec?.nodeName ? { nodeName: spec.nodeName } : {}),
      ...(spec?.hostNetwork ? { hostNetwork: true } : {}),
      ...(spec?.dnsPolicy === undefined ? {} : { dnsPolicy: spec.dnsPolicy }),
      ...(spec?.dnsConfig === undefined ? {} : { dnsConfig: spec.dnsConfig }),
      ...(spec?.hostAliases === undefined ? {} : { hostAliases: spec.hostAliases }),
      ...(spec?.imagePullSecrets === undefined ? {} : { imagePullSecrets: spec.imagePullSecrets }),
      securityContext: {
        runAsNonRoot: true,
        runAsUser: user === 0 ? NOBODY : user,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: PROBE_TOOLS.map(({ program, args }) => ({
        name: program,
        ...(image === undefined ? {} : { image }),
        imagePullPolicy: 'IfNotPresent',
        command: [program, ...args(url)],
        env: [{ name: 'LC_ALL', value: 'C' }],
        resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { cpu: '500m', memory: '128Mi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
      })),
    },
  };
}

function specOf({ spec }: Pod, container: string): Container | undefined {
  return [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].find(({ name }) => name === container);
}
