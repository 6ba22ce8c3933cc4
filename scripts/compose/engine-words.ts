import { isLoopback } from '../core/proxy.ts';
import type { ServiceConfig } from './compose-output.ts';
import { isOlder } from './composes.ts';
import type { Engine } from './engine.ts';
import { dependenciesOf } from './foresight.ts';
import type { Container } from './inspect.ts';
import type { Invocation, Program } from './invocation.ts';

/** "docker compose 2.26.1 on tcp://build-7:2375 (context build)": where it is, where that is not the default of this machine. */
export function describeEngine(program: Program, { isPodman, place }: Engine): string {
  const where = place ?? (isPodman ? 'Podman' : null);
  return `${titleOf(program)}${where === null ? '' : ` on ${where}`}`;
}

/** For the report: "docker compose 2.26.1 (Engine 20.10.24)". */
export function describeProgram(program: Program, { isPodman, version, place }: Engine): string {
  const at = place === null ? '' : `, ${place}`;
  return `${titleOf(program)} (${isPodman ? 'Podman' : 'Engine'} ${version}${at})`;
}

/** The first podman-compose whose `up --no-deps` recreates the named service only. */
const LEAVES_DEPENDENCIES = '1.4.0';

function titleOf({ command, version }: Program): string {
  return `${command.join(' ')} ${version}`;
}

/** Where another machine publishes its ports: on that machine, unless it says an address of its own. */
export function atEngine(container: Container, { host }: Pick<Engine, 'host'>): Container {
  if (host === null) return container;
  const ports = container.ports.filter(({ address }) => !isLoopbackAddress(address));
  const isEverywhere = (address: string) => ['', '0.0.0.0', '::'].includes(address);
  return { ...container, ports: ports.map((port) => (isEverywhere(port.address) ? { ...port, address: host } : port)) };
}

function isLoopbackAddress(address: string): boolean {
  return isLoopback(address) || address === '::1';
}

/**
 * What a person has to know of this engine and this compose beforehand, a sentence each.
 *
 * @param own the service's containers, as the engine tells of them
 */
export function engineSideEffects(
  { program }: Invocation,
  service: string,
  services: Readonly<Record<string, ServiceConfig>>,
  { host }: Pick<Engine, 'host'>,
  own: readonly Container[],
): string[] {
  const effects: string[] = [];
  const hidden = own.flatMap(({ ports }) => ports).find(({ address }) => isLoopbackAddress(address));
  if (host !== null && hidden !== undefined) {
    effects.push(
      `${service} publishes port ${hidden.published} on the loopback of ${host} only, which this machine does not reach: forward it (ssh -L) and name it with --bff-url.`,
    );
  }
  if (program.isPodmanCompose) {
    effects.push(
      'podman-compose gives each variable to podman as an argument: the token shows in the process list for a moment. docker-compose on the socket of Podman does not do that.',
    );
    const needed = dependenciesOf(services, service);
    if (needed.length > 0 && isOlder(program.version, LEAVES_DEPENDENCIES)) {
      effects.push(
        `podman-compose ${program.version} recreates what ${service} depends on, too (${needed.join(', ')}). Version 1.4 or newer leaves it alone.`,
      );
    }
  }
  return effects;
}
