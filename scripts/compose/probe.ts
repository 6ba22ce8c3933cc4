import { randomBytes } from 'node:crypto';
import type { Command, CommandResult, Processes } from '../core/ports.ts';
import { REACH_SECONDS, type Reach } from '../core/reach.ts';
import { askWith, hasOwnTrust, inLikelyOrder, insideReach, NO_TOOL, type ProbeTool } from '../idp/probe-tools.ts';
import { type NetworkPlace, parseNetworkPlace } from './inspect.ts';

/** What Docker needs around a probe, which has a limit of its own. */
const DOCKER_MS = 15_000;

/** A probe that is interrupted ends by itself; a container that was just being made would stay behind otherwise. */
const FINISH_MS = (REACH_SECONDS + 3) * 1_000;

interface ProbeTools {
  /** `docker` or `podman`. */
  readonly program: string;
  readonly processes: Processes;
  readonly signal: AbortSignal;
}

/** Name prefix of the temporary container. */
const NAME = 'bff-iat-probe-';

/**
 * Asks a URL from where a container is: inside it while it runs, else from a container of the same image in the same
 * networks, one after the other, with what the image has (python, node, curl, wget). No compose, no volume, no variable of
 * the service, no dependency; nothing is pulled, and nothing stays.
 */
export async function probe(id: string, url: string, tools: ProbeTools): Promise<Reach> {
  const { program: engine, processes, signal } = tools;
  const docker = (...args: string[]) => processes.run({ file: engine, args }, { signal, timeoutMs: DOCKER_MS });
  const inspected = await docker('inspect', '--type', 'container', id);
  const place = inspected.exitCode === 0 ? parseNetworkPlace(inspected.stdout) : null;
  if (place === null) return { kind: 'unknown', why: 'its container is gone' };
  let askers = inLikelyOrder(place.command);
  if (place.isRunning) {
    const inside = await askWith(
      askers,
      ({ program, args }) => docker('exec', '-e', 'LC_ALL=C', id, program, ...args(url)),
      isRefused,
    );
    if (inside.kind === 'said') return insideReach(inside.reach, place.variables);
    if (inside.kind === 'no-tool') return NO_TOOL;
  }
  let last: Reach = { kind: 'unknown', why: 'its container is in no network' };
  for (const network of place.networks) {
    const asked = await askWith(
      askers,
      (tool) => runOnce(freshContainer(engine, place, network, tool, url), tools),
      isRefused,
    );
    if (asked.kind === 'no-tool') return NO_TOOL;
    if (asked.kind === 'refused') {
      last = { kind: 'unknown', why: 'the engine cannot start a container from its image in its network' };
      continue;
    }
    // Reached through one of the networks is reached.
    if (asked.reach.kind === 'answered') return asked.reach;
    askers = [asked.tool];
    // A name may belong to one of the networks only.
    if (asked.reach.kind !== 'dns' || last.kind === 'unknown') last = asked.reach;
  }
  if (last.kind !== 'tls' || !hasOwnTrust(place.variables, place.mounts)) return last;
  return {
    kind: 'unknown',
    why: 'its image alone does not trust the certificate, and certificates that the service adds cannot be checked',
  };
}

/** The engine's own words: a program that the image does not have is none. Podman ends with 125 or 255 then. */
function isRefused({ exitCode, stderr }: CommandResult): boolean {
  if (exitCode === 126 || exitCode === 127) return false;
  return /from daemon|container state improper/i.test(stderr) || (exitCode === 125 && /^Error: /m.test(stderr));
}

/** `docker run` of a container that belongs to no service: compose and this tool take it for a one-off one, whatever its image says. */
function freshContainer(
  engine: string,
  place: NetworkPlace,
  network: string,
  { program, args }: ProbeTool,
  url: string,
): Command {
  // A shared network has its names already, and Docker takes none for it.
  const isShared = /^(?:container:|host$|none$)/.test(network);
  const hosts = isShared ? [] : place.extraHosts.flatMap((each) => ['--add-host', each]);
  const servers = isShared ? [] : place.dns.flatMap((each) => ['--dns', each]);
  const name = `${NAME}${randomBytes(6).toString('hex')}`;
  const own = ['--rm', '--name', name, '--label', 'com.docker.compose.oneoff=True', '--pull', 'never', '--read-only'];
  const quiet = ['--no-healthcheck', '-e', 'LC_ALL=C', '--entrypoint', program];
  return {
    file: engine,
    args: ['run', ...own, '--network', network, ...hosts, ...servers, ...quiet, place.image, ...args(url)],
  };
}

/** Runs it to its end, and takes the container away where Docker has not done so by itself. */
async function runOnce(command: Command, { processes, signal }: ProbeTools): Promise<CommandResult> {
  let result: CommandResult | null = null;
  try {
    result = await processes.run(command, { signal, timeoutMs: DOCKER_MS, finishMs: FINISH_MS, ownGroup: true });
    return result;
  } finally {
    if (result === null || result.timedOut) {
      const name = command.args.find((each) => each.startsWith(NAME)) ?? NAME;
      const remove = { file: command.file, args: ['rm', '-f', name] };
      await processes.run(remove, { signal: new AbortController().signal, timeoutMs: DOCKER_MS }).catch(() => {});
    }
  }
}
