import { parseDryRun, parseHashes, type ServiceConfig } from './compose-output.ts';
import { daemonFailure, lastWords } from './daemon-failures.ts';
import type { Docker } from './docker.ts';
import type { Container } from './inspect.ts';
import { composeCommand, dryUpCommand, HASH_LABEL, type Invocation, SERVICE_LABEL } from './invocation.ts';

/** What an `up` of the service would do, as far as compose tells beforehand. */
export interface Foresight {
  /** It would recreate the service's own containers, as things are now; null: that cannot be told. */
  readonly isNew: boolean | null;
  /** Names of other containers that it would create or recreate. */
  readonly beside: readonly string[];
  /** Why it cannot be told, in half a sentence. */
  readonly trouble: string | null;
}

/**
 * Asks compose what `up` would do, which also needs the daemon: a compose that is too old for it is found out here.
 *
 * @param containers all of the project
 * @throws AppError `docker-unreachable` where compose cannot talk to the daemon
 */
export async function foresee(
  invocation: Invocation,
  service: string,
  scale: number,
  containers: readonly Container[],
  docker: Docker,
  signal: AbortSignal,
): Promise<Foresight> {
  if (invocation.program.isPodmanCompose) return { isNew: null, beside: [], trouble: null };
  const own = containers.filter(({ labels }) => labels[SERVICE_LABEL] === service);
  const isV1 = invocation.program.major < 2;
  const command = isV1 ? composeCommand(invocation, ['config', '--hash=*']) : dryUpCommand(invocation, service, scale);
  const result = await docker.run(command, signal);
  if (result.exitCode !== 0) {
    // Compose before 2.19 knows no dry run. Where its containers are it can only tell with the daemon, too.
    const ask = isV1 ? result : await docker.run(composeCommand(invocation, ['ps', '-q', service]), signal);
    const failure = ask.exitCode === 0 ? null : daemonFailure(ask);
    if (failure !== null) throw failure;
    // A value that is missing is what the run will write.
    const isKnown = /unknown flag|required variable|mandatory value/i.test(result.stderr);
    return { isNew: null, beside: [], trouble: isKnown ? null : lastWords(result) };
  }
  if (isV1) {
    const hashes = parseHashes(result.stdout);
    const differs = ({ labels }: Container) => hashes[labels[SERVICE_LABEL] ?? ''] !== labels[HASH_LABEL];
    const beside = containers.filter((each) => !own.includes(each) && differs(each));
    return { isNew: own.some(differs), beside: beside.map(({ name }) => name), trouble: null };
  }
  const made = parseDryRun(`${result.stdout}\n${result.stderr}`);
  // The container that takes an old one's place has its name with an id in front for a moment.
  const isOwn = (name: string) =>
    own.some((each) => name === each.name || name.endsWith(`_${each.name}`)) || isNamed(name, service);
  return { isNew: own.length > 0 && made.some(isOwn), beside: made.filter((name) => !isOwn(name)), trouble: null };
}

/** A container that is not there yet, by the name that compose would give it. */
function isNamed(name: string, service: string): boolean {
  return name.replace(/[-_]\d+$/, '').endsWith(`-${service}`);
}

/** All that are started before a service, theirs before themselves. A circle is no matter: compose refuses it. */
export function dependenciesOf(services: Readonly<Record<string, ServiceConfig>>, service: string): string[] {
  const found = new Set<string>();
  const visit = (name: string) => {
    for (const each of services[name]?.dependencies ?? []) {
      if (found.has(each) || each === service) continue;
      found.add(each);
      visit(each);
    }
  };
  visit(service);
  return [...found];
}
