import type { Container, Probe } from 'kubernetes-types/core/v1.d.ts';
import type { KubeletTools } from './kubelet-tools.ts';

export interface ProbeListener {
  /** The container counts as started: there is no startup probe, or it succeeded. */
  started(): void;
  ready(isReady: boolean): void;
  /** A probe failed once. */
  unhealthy(message: string): void;
  /** The container is to be ended, and why. */
  kill(why: string): void;
}

type Kind = 'Startup' | 'Readiness' | 'Liveness';

/**
 * Runs the probes of one run of a container until the signal aborts. Only HTTP is asked; another kind of probe succeeds.
 *
 * @param base where a port of the container is on this machine; null: nowhere
 * @param shown how the pod's address reads in messages: `10.244.0.5`
 */
export async function runProbes(
  tools: Pick<KubeletTools, 'ask' | 'wait'>,
  container: Container,
  base: (port: number | string) => string | null,
  shown: string,
  listener: ProbeListener,
  signal: AbortSignal,
): Promise<void> {
  const { startupProbe, readinessProbe, livenessProbe, name } = container;
  const kill = (kind: string) => listener.kill(`Container ${name} failed ${kind} probe, will be restarted`);
  const follow = async (kind: Kind, probe: Probe, onChange: (isGood: boolean) => boolean) => {
    let [good, bad] = [0, 0];
    await tools.wait(probe.initialDelaySeconds ?? 0, signal);
    for (;;) {
      const problem = await tryOnce(tools, kind, probe, base, shown);
      if (signal.aborted) return;
      if (problem === null) [good, bad] = [good + 1, 0];
      else {
        [good, bad] = [0, bad + 1];
        listener.unhealthy(problem);
      }
      if (good === (probe.successThreshold ?? 1) && !onChange(true)) return;
      if (bad === (probe.failureThreshold ?? 3) && !onChange(false)) return;
      await tools.wait(probe.periodSeconds ?? 10, signal);
    }
  };

  let isKilled = false;
  if (startupProbe !== undefined) {
    await follow('Startup', startupProbe, (isGood) => {
      if (!isGood) kill('startup');
      isKilled = !isGood;
      return false;
    });
  }
  if (isKilled || signal.aborted) return;
  listener.started();
  const readiness = async () => {
    if (readinessProbe === undefined) return listener.ready(true);
    await follow('Readiness', readinessProbe, (isGood) => {
      listener.ready(isGood);
      return true;
    });
  };
  const liveness = async () => {
    if (livenessProbe === undefined) return;
    await follow('Liveness', livenessProbe, (isGood) => {
      if (!isGood) kill('liveness');
      return isGood;
    });
  };
  await Promise.all([readiness(), liveness()]);
}

/** @returns what is wrong, in the kubelet's words; null: nothing */
async function tryOnce(
  { ask }: Pick<KubeletTools, 'ask'>,
  kind: Kind,
  { httpGet, timeoutSeconds = 1 }: Probe,
  base: (port: number | string) => string | null,
  shown: string,
): Promise<string | null> {
  if (httpGet === undefined) return null;
  const path = httpGet.path ?? '/';
  const address = `${shown}:${httpGet.port}`;
  const refused = `Get "http://${address}${path}": dial tcp ${address}: connect: connection refused`;
  const own = base(httpGet.port);
  const status = own === null ? refused : await ask(own + path, timeoutSeconds * 1_000).catch(() => refused);
  if (typeof status === 'string') return `${kind} probe failed: ${status}`;
  return status >= 200 && status < 400 ? null : `${kind} probe failed: HTTP probe failed with statuscode: ${status}`;
}
