import { AppError } from '../core/errors.ts';
import type { Command, CommandResult } from '../core/ports.ts';
import type { Listener, NextStart } from '../core/stack.ts';
import type { ServiceConfig } from './compose-output.ts';
import { lastWords } from './daemon-failures.ts';
import type { Docker } from './docker.ts';
import { dependenciesOf, foresee } from './foresight.ts';
import type { Container } from './inspect.ts';
import { composeCommand, type Invocation, newestOfEach, SERVICE_LABEL } from './invocation.ts';

/** What the next `up` of a service comes to. */
export interface Outlook {
  readonly next: NextStart;
  /** What else it touches, a sentence each. */
  readonly sideEffects: readonly string[];
  /** What `prepare` has to do. */
  readonly missingImage: string | null;
  /** Services to be brought up. */
  readonly dependencies: readonly string[];
}

/**
 * Asks compose and Docker what an `up` would do, as things are now.
 *
 * @param containers all of the project
 * @param config the services, as compose resolves them
 * @param changedAt when a file or what is in a folder was changed; null: it cannot be looked at
 * @throws AppError `docker-unreachable` where compose cannot talk to the daemon
 */
export async function lookAhead(
  { invocation, service, scale }: { readonly invocation: Invocation; readonly service: string; readonly scale: number },
  containers: readonly Container[],
  config: Promise<Readonly<Record<string, ServiceConfig>>>,
  { docker, changedAt }: { readonly docker: Docker; changedAt(path: string): Date | null },
  signal: AbortSignal,
): Promise<Outlook> {
  const [{ isNew, beside, trouble }, services] = await Promise.all([
    foresee(invocation, service, scale, containers, docker, signal),
    config,
  ]);
  const own = newestOfEach(containers.filter(({ labels }) => labels[SERVICE_LABEL] === service));
  const { image = null, replicas = 1, sharedPaths = null } = services[service] ?? {};
  const serviceOf = (name: string) => containers.find((each) => each.name === name)?.labels[SERVICE_LABEL];
  const needed = invocation.noDeps ? [] : dependenciesOf(services, service);
  // What v1 would recreate is known for all services, and `up` leaves those alone that this one does not need.
  const isV1 = invocation.program.major < 2;
  const others = beside.filter((name) => !isV1 || needed.includes(serviceOf(name) ?? ''));
  const isThereToo = (name: string) => containers.some((each) => each.name === name);
  const recreated = others.filter(isThereToo);
  const isStopped = ({ name, labels, state }: Container) =>
    needed.includes(labels[SERVICE_LABEL] ?? '') && ENDED.test(state.status) && !others.includes(name);
  // A compose that cannot tell says nothing of those that it would create.
  const isTold = !isV1 && isNew !== null;
  const isAbsent = (name: string) => !containers.some(({ labels }) => labels[SERVICE_LABEL] === name);
  const started = [
    ...others.filter((name) => !isThereToo(name)),
    ...containers.filter(isStopped).map(({ name }) => name),
    ...(isTold ? [] : needed.filter(isAbsent)),
  ];
  const first = [...recreated, ...started];
  const dependencies = [...new Set([...needed, ...others.flatMap((name) => serviceOf(name) ?? [])])];
  const isThere = image === null || own.some((each) => each.image === image && each.state.status === 'running');
  const isMissing = !isThere && (await docker.ask(['image', 'inspect', image], signal)).exitCode !== 0;
  const mounted = own.map((each) => mountedSince(each, changedAt)).find((each) => each !== null) ?? null;
  return {
    next: {
      changed: isNew === true ? 'its configuration or its image changed' : mounted,
      copies: scale > 1 ? scale : Math.max(1, replicas),
      sharedPaths,
      before: [...(isMissing ? [`pull ${image}`] : []), ...(first.length > 0 ? [`start ${first.join(', ')}`] : [])],
    },
    sideEffects: [
      ...(started.length > 0
        ? [`This will also start ${started.join(', ')}, before the token is minted. --no-deps leaves it alone.`]
        : []),
      ...(recreated.length > 0
        ? [
            `This will also recreate ${recreated.join(', ')}, before the token is minted: its configuration or image changed since it was started. --no-deps leaves it alone.`,
          ]
        : []),
      ...(trouble === null ? [] : [`Compose could not say what the restart will do besides: ${trouble}`]),
    ],
    missingImage: isMissing ? image : null,
    dependencies: first.length > 0 ? dependencies : [],
  };
}

/** What `up` starts again. */
const ENDED = /^(?:created|exited|dead)$/;

/** What of the machine a container sees that was changed since it was started; null: nothing. */
function mountedSince({ mountedFrom, state }: Container, changedAt: (path: string) => Date | null): string | null {
  const started = Date.parse(state.startedAt);
  const changed = mountedFrom.find((path) => (changedAt(path)?.getTime() ?? 0) > started);
  return changed === undefined ? null : `${changed}, which is mounted into it, changed`;
}

/**
 * Fetches the image that is missing, and brings up what the service depends on.
 *
 * @param replace runs an `up`, which is not stopped halfway
 * @throws AppError `restart-failed`
 */
export async function prepareUp(
  invocation: Invocation,
  service: string,
  { missingImage, dependencies }: Outlook,
  tools: {
    /** `docker` or `podman`. */
    readonly program: string;
    pull(command: Command): Promise<CommandResult>;
    replace(command: Command, what: string): Promise<void>;
    /** The command as a person would type it. */
    typed(command: Command): string;
  },
  listener: Listener,
): Promise<void> {
  if (missingImage !== null) {
    const command = composeCommand(invocation, ['pull', service]);
    listener.progress(tools.typed(command));
    const pulled = await tools.pull(command);
    // Where its pull policy forbids that, nothing is pulled and nothing fails.
    const found = { file: tools.program, args: ['image', 'inspect', '--format', '{{.Id}}', missingImage] };
    const result = pulled.exitCode === 0 ? await tools.pull(found) : pulled;
    if (result.exitCode !== 0) {
      const message = `The image ${missingImage} of ${service} is not on this machine and cannot be pulled: ${lastWords(result)}`;
      throw new AppError('restart-failed', message, {
        hint: {
          text: 'Nothing was minted or changed. Check the name of the image, log in to its registry, or build it; then try:',
          command: tools.typed(command),
        },
      });
    }
    listener.note(`Pulled ${missingImage}, which was not on this machine.`);
  }
  if (dependencies.length > 0) {
    const command = composeCommand(invocation, ['up', '-d', ...dependencies]);
    listener.progress(tools.typed(command));
    await tools.replace(command, dependencies.join(', '));
    listener.note(`Brought up ${dependencies.join(', ')} first.`);
  }
}
