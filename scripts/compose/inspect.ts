import type { Instance, InstanceState, Port } from '../core/stack.ts';

/** A container as the daemon tells it, with what only compose needs to know of it. */
export interface Container extends Instance {
  readonly labels: Readonly<Record<string, string>>;
  readonly logDriver: string;
  /** `container:<id>` for one that lives in the network of another one, `host`, or the name of a network. */
  readonly networkMode: string;
  /** What of the machine is mounted into it that it cannot write itself. */
  readonly mountedFrom: readonly string[];
}

/** What `docker inspect` prints, as far as it is read. */
interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly Created: string;
  readonly Config: {
    readonly Image: string;
    readonly Env: readonly string[] | null;
    readonly Labels: Readonly<Record<string, string>> | null;
  };
  /** The image's id. */
  readonly Image: string;
  readonly Path?: string;
  readonly Args?: readonly string[] | null;
  readonly HostConfig: {
    readonly LogConfig: { readonly Type: string };
    readonly RestartPolicy?: { readonly Name?: string } | null;
    readonly NetworkMode?: string;
    readonly ExtraHosts?: readonly string[] | null;
    readonly Dns?: readonly string[] | null;
    readonly PortBindings?: PortMap | null;
  };
  readonly Mounts?:
    | readonly {
        readonly Type: string;
        readonly Source?: string;
        readonly Destination: string;
        readonly RW?: boolean;
      }[]
    | null;
  readonly NetworkSettings?: {
    readonly Networks?: Readonly<Record<string, unknown>> | null;
    readonly Ports?: PortMap | null;
  };
  readonly RestartCount: number;
  readonly State: {
    /** Podman has words of its own besides. */
    readonly Status: InstanceState['status'] | 'configured' | 'initialized' | 'stopping' | 'stopped' | 'unknown';
    readonly ExitCode: number;
    readonly OOMKilled: boolean;
    readonly StartedAt: string;
    readonly Error: string;
    readonly Health?: {
      readonly Status: string;
      readonly Log: readonly { readonly Output: string; readonly End?: string }[] | null;
    } | null;
  };
}

/** `8000/tcp` with where it is published. */
type PortMap = Readonly<Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[] | null>>;

/** Reads the answer of `docker inspect ID...`, or of Podman, a JSON list. Never pass it on: it holds every variable's value. */
export function parseInspect(text: string): Container[] {
  return (JSON.parse(text) as Inspected[]).map(toContainer);
}

/** Where a container is in the network, and what it is made from: enough to start another one there. */
export interface NetworkPlace {
  /** Its id, so that nothing else is taken for it. */
  readonly image: string;
  /** For `--network`, one at a time. */
  readonly networks: readonly string[];
  /** `name:address`, as under `extra_hosts`. */
  readonly extraHosts: readonly string[];
  readonly dns: readonly string[];
  /** It can be asked from inside. */
  readonly isRunning: boolean;
  /** What it runs, and with which arguments. */
  readonly command: string;
  /** Names only. */
  readonly variables: readonly string[];
  /** Paths inside. */
  readonly mounts: readonly string[];
}

/** Reads the answer of `docker inspect ID`; null: it holds no container. */
export function parseNetworkPlace(text: string): NetworkPlace | null {
  const [inspected] = JSON.parse(text) as Inspected[];
  if (inspected === undefined) return null;
  const { Config, HostConfig, NetworkSettings } = inspected;
  const mode = HostConfig.NetworkMode ?? '';
  return {
    image: inspected.Image,
    networks: /^(?:container:|host$|none$)/.test(mode) ? [mode] : Object.keys(NetworkSettings?.Networks ?? {}),
    extraHosts: HostConfig.ExtraHosts ?? [],
    dns: HostConfig.Dns ?? [],
    isRunning: inspected.State.Status === 'running',
    command: [inspected.Path ?? '', ...(inspected.Args ?? [])].join(' '),
    variables: (Config.Env ?? []).map((entry) => splitEntry(entry)[0]),
    mounts: (inspected.Mounts ?? []).map(({ Destination }) => Destination),
  };
}

function toContainer(inspected: Inspected): Container {
  const { Config, State } = inspected;
  return {
    id: inspected.Id,
    name: inspected.Name.replace(/^\//, ''),
    image: Config.Image,
    env: Object.fromEntries((Config.Env ?? []).map(splitEntry)),
    labels: Config.Labels ?? {},
    logDriver: inspected.HostConfig.LogConfig.Type,
    logUnreadable: UNKEPT_LOGS.includes(inspected.HostConfig.LogConfig.Type)
      ? `No log is kept (logging driver "${inspected.HostConfig.LogConfig.Type}")`
      : null,
    networkMode: inspected.HostConfig.NetworkMode ?? '',
    persistentPaths: (inspected.Mounts ?? [])
      .filter(({ Type }) => Type !== 'tmpfs')
      .map(({ Destination }) => Destination),
    mountedFrom: (inspected.Mounts ?? [])
      .filter(({ Type, RW = true }) => Type === 'bind' && !RW)
      .map(({ Source = '' }) => Source),
    ports: portsOf(inspected),
    createdAt: inUtc(inspected.Created),
    state: {
      status: toStatus(inspected),
      exitCode: State.ExitCode,
      oomKilled: State.OOMKilled,
      restartCount: inspected.RestartCount,
      startedAt: inUtc(State.StartedAt),
      error: State.Error,
      health: toHealth(State.Health),
    },
  };
}

/** `passthrough` is Podman's: the log goes to where it was started. */
const UNKEPT_LOGS = ['none', 'passthrough'];

/**
 * Podman's states in Docker's words (libpod/define/containerstate.go). One that has ended is `stopped` until it is started again,
 * or cleaned up where its restart policy does not want that: then it is `exited`.
 */
function toStatus({ State, HostConfig }: Inspected): InstanceState['status'] {
  switch (State.Status) {
    case 'configured':
    case 'initialized':
      return 'created';
    case 'stopping':
      return 'running';
    case 'stopped':
      return ['', 'no', undefined].includes(HostConfig.RestartPolicy?.Name) ? 'exited' : 'restarting';
    case 'unknown':
      return 'dead';
    default:
      return State.Status;
  }
}

/** Podman gives times in the zone of the machine; UTC keeps its fraction. */
function inUtc(stamp: string): string {
  const [, seconds, fraction = '', zone] = /^([^.+Z]+?)(\.\d+)?([+-]\d\d:\d\d)$/.exec(stamp) ?? [];
  if (seconds === undefined) return stamp;
  return new Date(`${seconds}${zone}`).toISOString().replace('.000Z', `${fraction}Z`);
}

function splitEntry(entry: string): [string, string] {
  const at = entry.indexOf('=');
  return at < 0 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)];
}

/** Those that it has, else those that it asks for: a container that does not run has none. */
function portsOf({ HostConfig, NetworkSettings }: Inspected): Port[] {
  const has = (map: PortMap | null | undefined) => Object.values(map ?? {}).some((places) => (places ?? []).length > 0);
  const map = has(NetworkSettings?.Ports) ? NetworkSettings?.Ports : HostConfig.PortBindings;
  return Object.entries(map ?? {}).flatMap(([name, places]) => {
    const inside = /^(\d+)\/tcp$/.exec(name)?.[1];
    // Published for both IPv4 and IPv6, it is there twice. Without a number Docker chooses one at the start.
    const known = (places ?? []).filter(({ HostPort }) => Number(HostPort) > 0);
    const [first] = [...known.filter(({ HostIp }) => !HostIp.includes(':')), ...known];
    if (inside === undefined || first === undefined) return [];
    return [{ inside: Number(inside), address: first.HostIp, published: Number(first.HostPort) }];
  });
}

function toHealth(health: Inspected['State']['Health']): InstanceState['health'] {
  const status = health?.Status;
  if (status !== 'starting' && status !== 'healthy' && status !== 'unhealthy') return null;
  return { status, lastOutput: health?.Log?.at(-1)?.Output ?? '', checkedAt: health?.Log?.at(-1)?.End ?? '' };
}
