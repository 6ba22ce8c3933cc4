import type { Container } from 'kubernetes-types/core/v1.d.ts';

/** The BFF's own, where nothing of the container says another. */
const DEFAULT_PORT = 8000;

/** The port that a container serves: the one that its probes ask, else its only one. */
export function servedPort({ readinessProbe, livenessProbe, startupProbe, ports = [] }: Container): number {
  for (const probe of [readinessProbe, livenessProbe, startupProbe]) {
    const port = probe?.httpGet?.port ?? probe?.tcpSocket?.port;
    const named = ports.find(({ name }) => name === port)?.containerPort;
    const number = named ?? Number(port);
    if (Number.isInteger(number)) return number;
  }
  const [only] = ports;
  return ports.length === 1 && only !== undefined ? only.containerPort : DEFAULT_PORT;
}
