import type { Container, ContainerState } from '../core/ports.ts';

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
  readonly HostConfig: { readonly LogConfig: { readonly Type: string }; readonly NetworkMode?: string };
  readonly Mounts?: readonly { readonly Type: string; readonly Destination: string }[] | null;
  readonly RestartCount: number;
  readonly State: {
    readonly Status: ContainerState['status'];
    readonly ExitCode: number;
    readonly OOMKilled: boolean;
    readonly StartedAt: string;
    readonly Error: string;
    readonly Health?: { readonly Status: string; readonly Log: readonly { readonly Output: string }[] | null } | null;
  };
}

/** Reads the answer of `docker inspect ID...`, a JSON list. Never pass it on: it holds every variable's value. */
export function parseInspect(text: string): Container[] {
  return (JSON.parse(text) as Inspected[]).map(toContainer);
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
    networkMode: inspected.HostConfig.NetworkMode ?? '',
    mounts: (inspected.Mounts ?? []).filter(({ Type }) => Type !== 'tmpfs').map(({ Destination }) => Destination),
    createdAt: inspected.Created,
    state: {
      status: State.Status,
      exitCode: State.ExitCode,
      oomKilled: State.OOMKilled,
      restartCount: inspected.RestartCount,
      startedAt: State.StartedAt,
      error: State.Error,
      health: toHealth(State.Health),
    },
  };
}

function splitEntry(entry: string): [string, string] {
  const at = entry.indexOf('=');
  return at < 0 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)];
}

function toHealth(health: Inspected['State']['Health']): ContainerState['health'] {
  const status = health?.Status;
  if (status !== 'starting' && status !== 'healthy' && status !== 'unhealthy') return null;
  return { status, lastOutput: health?.Log?.at(-1)?.Output ?? '' };
}
