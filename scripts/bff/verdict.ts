import type { Instance } from '../core/stack.ts';

export { nameComponents } from './components.ts';

/** What the states of a container over time amount to. Only `fine` and `starting` let a run go on. */
export interface ContainerVerdict {
  readonly kind:
    | 'fine'
    | 'not-started'
    | 'exited'
    | 'crash-loop'
    | 'unhealthy'
    | 'replaced'
    | 'paused'
    | 'gone'
    | 'starting';
  /** What happened, in one sentence. */
  readonly message: string;
  /** The way out; '' where nothing needs one. */
  readonly hint: string;
}

/** A container that the daemon restarted this often since the first look will not settle. */
export const CRASH_LOOP = 2;

/**
 * What became of a container, from the first look at it and the newest one. Exit codes of compose and `--wait` say nothing
 * about this (they report success for containers that die); the inspected state does.
 *
 * @param first the container as it was first seen after `up`
 * @param now the newest container of the service; null: there is none any more
 */
export function judge(first: Instance, now: Instance | null): ContainerVerdict {
  if (now === null)
    return verdict(
      'gone',
      `The container ${first.name} is gone: someone removed it.`,
      'Run the command again, and see that nobody runs compose down at the same time.',
    );
  const { state } = now;
  if (now.id !== first.id)
    return verdict(
      'replaced',
      `Someone else replaced the container ${first.name} while it was being watched.`,
      'See who else runs compose for this project, then run the command again.',
    );
  if (state.status === 'created' && state.error === '')
    return verdict('starting', `The container ${now.name} is created and not started yet.`, '');
  if (state.status === 'created' || neverRan(now)) return notStarted(now);
  const restarts = state.restartCount - first.state.restartCount;
  if (restarts >= CRASH_LOOP || (state.status === 'restarting' && state.restartCount >= CRASH_LOOP))
    return crashLoop(now);
  // The daemon restarts a container that exits by itself and counts that when it exits; somebody's start begins the count anew.
  const isCounted = state.restartCount > 0 && restarts >= 0;
  if (!isCounted && state.startedAt !== first.state.startedAt && hasStarted(first))
    return verdict(
      'replaced',
      `Someone else restarted the container ${now.name} while it was being watched.`,
      'See who else works on this project, then run the command again.',
    );
  switch (state.status) {
    case 'restarting':
      return verdict('starting', `The container ${now.name} ${ending(now)} and is being restarted.`, '');
    case 'paused':
      return verdict('paused', `The container ${now.name} is paused.`, `Let it go on: docker unpause ${now.name}`);
    case 'exited':
    case 'dead':
      return verdict('exited', `The container ${now.name} ${ending(now)}.`, exitHint(now));
    case 'removing':
      return verdict(
        'gone',
        `The container ${now.name} is being removed.`,
        'Run the command again, and see that nobody runs compose down at the same time.',
      );
    default:
      return running(now, restarts);
  }
}

/** A container that has lived this long has settled, however often it died before. */
const SETTLED_MS = 15_000;

/**
 * What a single look at a container amounts to.
 *
 * @param now by a clock that is not far from the daemon's
 */
export function judgeOnce(container: Instance, now: Date): ContainerVerdict {
  const { state } = container;
  const livedMs = now.getTime() - Date.parse(state.startedAt);
  const dies = state.status === 'running' && state.restartCount >= CRASH_LOOP && Math.abs(livedMs) < SETTLED_MS;
  // As if the first of its restarts had been seen.
  const first = dies ? { ...container, state: { ...state, restartCount: 0 } } : container;
  return judge(first, container);
}

function running({ name, state }: Instance, restarts: number): ContainerVerdict {
  if (state.health?.status === 'unhealthy') {
    const said = lastLine(state.health.lastOutput);
    return verdict(
      'unhealthy',
      `The container ${name} runs, and its healthcheck fails${said === '' ? '' : `: ${said}`}.`,
      `Read its log (docker logs ${name}) and what the healthcheck asks for (docker inspect ${name}).`,
    );
  }
  if (state.health?.status === 'starting')
    return verdict('starting', `The container ${name} runs, and its healthcheck has not passed yet.`, '');
  const again = restarts > 0 ? ', after it died once and was restarted' : '';
  return verdict('fine', `The container ${name} runs${state.health === null ? '' : ' and is healthy'}${again}.`, '');
}

function notStarted({ name, state }: Instance): ContainerVerdict {
  const words = lastLine(state.error);
  const reason = /executable file not found|no such file or directory/i.test(words)
    ? 'Its command or entrypoint does not exist in the image: check command, entrypoint and image of the service.'
    : /port is already allocated|address already in use/i.test(words)
      ? 'Another program has the port: stop it, or change ports of the service.'
      : /permission denied/i.test(words)
        ? 'Its command is not executable: check the file mode in the image or the volume.'
        : /mount|not a directory|no such device/i.test(words)
          ? 'A volume cannot be mounted: check volumes of the service.'
          : 'Correct what the daemon names, and run the command again.';
  return verdict(
    'not-started',
    `The container ${name} could not be started${words === '' ? '' : `: ${words}`}${words.endsWith('.') ? '' : '.'}`,
    reason,
  );
}

function crashLoop(container: Instance): ContainerVerdict {
  return verdict(
    'crash-loop',
    `The container ${container.name} dies and is restarted again and again (restart ${container.state.restartCount}); last it ${ending(container)}.`,
    exitHint(container),
  );
}

/** "exited with code 137 (killed: out of memory)". While it runs again, the daemon reports 0, which says nothing. */
function ending({ state }: Instance): string {
  if (state.oomKilled) return `was killed for using too much memory (code ${state.exitCode})`;
  if (state.status === 'running') return 'ended by itself';
  const words = EXIT_WORDS[state.exitCode];
  return `exited with code ${state.exitCode}${words === undefined ? '' : ` (${words})`}`;
}

function exitHint({ name, state }: Instance): string {
  if (state.oomKilled) return 'Give the service more memory (mem_limit, deploy.resources), or Docker itself.';
  if (state.exitCode === 126 || state.exitCode === 127)
    return 'Check command and entrypoint of the service, and that the image is the right one.';
  if (state.exitCode === 137 || state.exitCode === 143)
    return `See who stopped it; its log may tell: docker logs ${name}`;
  return `Its log tells why: docker logs ${name}`;
}

function neverRan({ state }: Instance): boolean {
  return state.error !== '' && (state.status === 'exited' || state.status === 'dead') && /^0001-/.test(state.startedAt);
}

function hasStarted({ state }: Instance): boolean {
  return state.startedAt !== '' && !/^0001-/.test(state.startedAt);
}

/** One line of foreign words: the last one that is not empty, without control characters, at most 300 characters. */
function lastLine(text: string): string {
  const lines = text.split(/[\r\n]+/).map((line) => line.replace(/[\x00-\x1f\x7f-\x9f]/g, ' ').trim());
  const line = lines.findLast((candidate) => candidate !== '') ?? '';
  return line.length <= 300 ? line : `${line.slice(0, 299)}…`;
}

function verdict(kind: ContainerVerdict['kind'], message: string, hint: string): ContainerVerdict {
  return { kind, message, hint };
}

const EXIT_WORDS: Readonly<Record<number, string>> = {
  0: 'a normal end, but a service must stay up',
  1: 'an error of its own',
  125: 'Docker could not run it',
  126: 'its command cannot be executed',
  127: 'its command was not found',
  130: 'interrupted',
  134: 'aborted',
  137: 'killed',
  139: 'crashed: segmentation fault',
  143: 'told to stop',
  255: 'an error of its own',
};
