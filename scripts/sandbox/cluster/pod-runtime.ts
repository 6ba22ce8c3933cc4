import { text } from 'node:stream/consumers';
import { endProcess, exitOf, startCommand } from '../stack/process.ts';
import type { LogOptions, PodRuntime, Refusal } from './api-types.ts';
import type { ContainerRun, ContainerWorker } from './container-worker.ts';
import type { Kubelet } from './kubelet.ts';

/** What the API server asks a kubelet. */
export function createPodRuntime(kubelet: Kubelet): PodRuntime {
  return {
    log(pod, name, options, signal) {
      const container = kubelet.worker(pod)?.container(name);
      const { spec, metadata } = pod as { readonly spec?: { readonly nodeName?: string } } & typeof pod;
      // Of a pod that no node has, the log is empty.
      if (container === undefined || spec?.nodeName === undefined) return none();
      const found = findRun(container, metadata.name, options.previous);
      return 'refusal' in found ? found : readRun(found, options, signal);
    },
    async exec(pod, name, [file = '', ...args], signal) {
      const run = kubelet.worker(pod)?.container(name)?.runs.current ?? null;
      if (run === null) return { refusal: `container not found ("${name}")` };
      const child = startCommand(file, args, run.env);
      const exited = exitOf(child);
      const stop = () => void endProcess(child, exited);
      signal.addEventListener('abort', stop, { once: true });
      const [stdout, stderr, { code, startError }] = await Promise.all([
        text(child.stdout).catch(() => ''),
        text(child.stderr).catch(() => ''),
        exited,
      ]);
      signal.removeEventListener('abort', stop);
      const missing = `exec: "${file}": executable file not found in $PATH\n`;
      return { stdout, stderr: startError === null ? stderr : missing, exitCode: code };
    },
    address: (pod, port) => kubelet.worker(pod)?.address(port) ?? null,
  };
}

/** A run by its id; its log is null where the kubelet has removed it. */
interface FoundRun {
  readonly id: string;
  readonly run: ContainerRun | null;
}

/** Which run a request means, or why there is none, in the kubelet's words (pkg/kubelet, validateContainerLogStatus). */
function findRun(worker: ContainerWorker, pod: string, isPrevious: boolean): FoundRun | Refusal {
  const { name, state, lastState } = worker.status();
  const { current, dead } = worker.runs;
  const byId = (id: string) => ({ id, run: [current, dead].find((run) => run?.id === id) ?? null });
  const last = lastState?.terminated?.containerID;
  if (isPrevious) {
    return last === undefined
      ? { refusal: `previous terminated container "${name}" in pod "${pod}" not found` }
      : byId(last);
  }
  if (state?.running !== undefined && current !== null) return byId(current.id);
  const ended = state?.terminated?.containerID ?? last;
  if (ended !== undefined) return byId(ended);
  const reason = state?.waiting?.reason ?? '';
  const why =
    reason === 'ErrImagePull'
      ? "image can't be pulled"
      : reason === 'ImagePullBackOff'
        ? 'trying and failing to pull image'
        : reason;
  return { refusal: `container "${name}" in pod "${pod}" is waiting to start: ${why}` };
}

async function* readRun({ id, run }: FoundRun, options: LogOptions, signal: AbortSignal): AsyncGenerator<string> {
  if (run === null) {
    // The kubelet writes it where the log would be, and all is well for the API server.
    yield `unable to retrieve container logs for ${id}`;
    return;
  }
  const { tailLines, sinceTime, timestamps, follow } = options;
  const sinceMs = sinceTime === null ? 0 : new Date(sinceTime).getTime();
  // Nanoseconds, as the container runtime writes them.
  const spelled = (at: Date, line: string) =>
    timestamps ? `${at.toISOString().replace('Z', '000000Z')} ${line}\n` : `${line}\n`;
  let skipped = 0;
  if (tailLines !== null) {
    for await (const _ of run.log.read(false, signal)) skipped++;
    skipped = Math.max(0, skipped - tailLines);
  }
  for await (const { at, text } of run.log.read(follow, signal)) {
    if (skipped > 0) skipped--;
    else if (at.getTime() >= sinceMs) yield spelled(at, text);
  }
}

async function* none(): AsyncGenerator<string> {}
