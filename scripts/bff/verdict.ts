import type { AppError, ErrorCode, Hint } from '../core/errors.ts';
import type { ByHand, Instance } from '../core/stack.ts';

/** What the states of an instance over time amount to. Only `fine` and `starting` let a run go on. */
export interface InstanceVerdict {
  readonly kind:
    | 'fine'
    | 'missing'
    | 'not-started'
    | 'exited'
    | 'crash-loop'
    | 'unhealthy'
    | 'replaced'
    | 'paused'
    | 'gone'
    | 'starting'
    | 'obstacle';
  /** What happened, in one sentence. */
  readonly message: string;
  /** The way out; null: nothing needs one. */
  readonly hint: Hint | null;
  /** Of an obstacle: how the stack names it. */
  readonly code?: ErrorCode;
}

/** What people call such a copy. */
export function nounOf(instance: Instance | null | undefined): string {
  return instance?.noun ?? 'container';
}

/** An instance that was restarted this often since the first look will not settle. */
const CRASH_LOOP = 2;

/**
 * What became of an instance, from the first look at it and the newest one. Only the inspected state counts: what starts an
 * instance reports success also for one that exits right afterwards.
 *
 * @param first the instance as it was first inspected after the restart
 * @param now the newest instance; null: there is none any more
 * @param byHand what a person types, for the hints
 */
export function judge(first: Instance, now: Instance | null, byHand: ByHand): InstanceVerdict {
  const it = titleOf(first);
  if (now === null) return verdict('gone', `The ${it} is gone: someone removed it.`, LEAVE_IT);
  const { state } = now;
  if (now.id !== first.id)
    return verdict('replaced', `Someone else replaced the ${it} while it was being watched.`, LEAVE_IT);
  const { obstacle } = state;
  if (obstacle !== undefined)
    return { ...verdict('obstacle', obstacle.message, obstacle.hint ?? null), code: obstacle.code };
  if (state.status === 'created' && state.error === '')
    return verdict('starting', `The ${it} is created and not started yet.`);
  const neverRan = state.error !== '' && /^(?:exited|dead)$/.test(state.status) && NEVER.test(state.startedAt);
  if (state.status === 'created' || neverRan) return notStarted(now);
  const restarts = state.restartCount - first.state.restartCount;
  if (restarts >= CRASH_LOOP || (state.status === 'restarting' && state.restartCount >= CRASH_LOOP))
    return verdict(
      'crash-loop',
      `The ${it} exits and is restarted again and again (restart ${state.restartCount}); the last time it ${ending(now)}.`,
      exitHint(now, byHand),
    );
  // An instance that exits by itself is restarted, and its restarts are counted; a start by hand begins the count again.
  const isCounted = state.restartCount > 0 && restarts >= 0;
  if (!isCounted && state.startedAt !== first.state.startedAt && !NEVER.test(first.state.startedAt))
    return verdict('replaced', `Someone else restarted the ${it} while it was being watched.`, LEAVE_IT);
  switch (state.status) {
    case 'restarting':
      return verdict('starting', `The ${it} ${ending(now)} and is being restarted.`);
    case 'paused': {
      const hint = { text: 'Resume it:', command: byHand.resume(now) };
      return verdict('paused', `The ${it} is paused.`, hint);
    }
    case 'exited':
    case 'dead':
      return verdict('exited', `The ${it} ${ending(now)}.`, exitHint(now, byHand));
    case 'removing':
      return verdict('gone', `The ${it} is being removed.`, LEAVE_IT);
    default:
      return running(now, restarts, byHand);
  }
}

/** An instance that has lived this long has settled, however often it exited before. */
const SETTLED_MS = 15_000;

/**
 * What a single look amounts to.
 *
 * @param instance null: there is none
 * @param now by a clock that is not far from the engine's
 * @param absence why there is none, where that is known
 * @param hasDied its log tells that the start before this one was well and ended, so that being well now proves nothing
 */
export function judgeOnce(
  instance: Instance | null,
  now: Date,
  byHand: ByHand,
  absence: AppError | null = null,
  hasDied = false,
): InstanceVerdict {
  if (instance === null && absence !== null)
    return { ...verdict('missing', absence.message, absence.hint ?? null), code: absence.code };
  if (instance === null)
    return verdict('missing', 'The service has no container: it was never started, or someone removed it.', {
      text: 'Start it with npm run iat, which starts what it depends on and mints a token, or without a token:',
      command: byHand.restart,
    });
  const { state } = instance;
  const livedMs = now.getTime() - Date.parse(state.startedAt);
  const isHealthy = state.health?.status === 'healthy' && !hasDied;
  const isLooping =
    !isHealthy && state.status === 'running' && state.restartCount >= CRASH_LOOP && Math.abs(livedMs) < SETTLED_MS;
  // As if the first of its restarts had been observed.
  const first = isLooping ? { ...instance, state: { ...state, restartCount: 0 } } : instance;
  return judge(first, instance, byHand);
}

/** A start that has not been yet: no time, or the year 1. */
const NEVER = /^(?:0001-|$)/;

const LEAVE_IT: Hint = {
  text: 'Find out who else starts and stops this service, and run the command again when that has stopped.',
};

function running(instance: Instance, restarts: number, byHand: ByHand): InstanceVerdict {
  const { state } = instance;
  const it = titleOf(instance);
  if (state.health?.status === 'unhealthy') {
    const said = lastLine(state.health.lastOutput);
    const text = `Read its log (${byHand.log(instance)}), and see what the healthcheck asks for:`;
    const message = `The ${it} is running, but its healthcheck fails${said === '' ? '' : `: ${said}`}.`;
    return verdict('unhealthy', message, { text, command: byHand.inspect(instance) });
  }
  if (state.health?.status === 'starting')
    return verdict('starting', `The ${it} runs, and its healthcheck has not passed yet.`);
  const again = restarts > 0 ? ', after it exited once and was restarted' : '';
  return verdict('fine', `The ${it} runs${state.health === null ? '' : ' and is healthy'}${again}.`);
}

function notStarted(instance: Instance): InstanceVerdict {
  const words = lastLine(instance.state.error);
  const text = START_ERRORS.find(([pattern]) => pattern.test(words))?.[1];
  const message = `The ${titleOf(instance)} could not be started${words === '' ? '' : `: ${words}`}${words.endsWith('.') ? '' : '.'}`;
  return verdict('not-started', message, {
    text: text ?? 'Fix what the message reports, and run the command again.',
  });
}

/** "exited with code 137 (killed)". One that runs again has the code 0 where its last one is not known. */
function ending({ state }: Instance): string {
  const isUnknown = state.status === 'running' && state.exitCode === 0;
  if (state.oomKilled) return `was killed for using too much memory${isUnknown ? '' : ` (code ${state.exitCode})`}`;
  if (isUnknown) return 'ended with an exit code that is no longer known';
  const words = EXIT_WORDS[state.exitCode];
  return `exited with code ${state.exitCode}${words === undefined ? '' : ` (${words})`}`;
}

function exitHint(instance: Instance, byHand: ByHand): Hint {
  const { exitCode, oomKilled } = instance.state;
  if (oomKilled) return { text: 'Raise the memory limit of the service, or of the machine that it runs on.' };
  if (exitCode === 126 || exitCode === 127)
    return { text: 'Check the command and entrypoint of the service, and that its image is the right one.' };
  const command = byHand.log(instance);
  if (exitCode === 137 || exitCode === 143) return { text: 'Find out who stopped it. Its log may show it:', command };
  return { text: 'See its log for the reason:', command };
}

/** "container bff-1" */
function titleOf(instance: Instance): string {
  return `${nounOf(instance)} ${instance.name}`;
}

/** One line of foreign words: the last one that is not empty, without control characters, at most 300 characters. */
function lastLine(text: string): string {
  const lines = text.split(/[\r\n]+/).map((line) => line.replace(/[\x00-\x1f\x7f-\x9f]/g, ' ').trim());
  const line = lines.findLast((candidate) => candidate !== '') ?? '';
  return line.length <= 300 ? line : `${line.slice(0, 299)}…`;
}

function verdict(kind: InstanceVerdict['kind'], message: string, hint: Hint | null = null): InstanceVerdict {
  return { kind, message, hint };
}

/** Why an instance could not be started, by the words of the error, and the way out. */
const START_ERRORS: readonly (readonly [RegExp, string])[] = [
  [
    /executable file not found|no such file or directory/i,
    'Its command or entrypoint does not exist in the image: check the command, entrypoint and image of the service.',
  ],
  [
    /port is already allocated|address already in use|ports are not available|Only one usage of each socket/i,
    'Another program has the port: stop it, or change the ports of the service.',
  ],
  [/permission denied/i, 'Its command is not executable: check the file mode in the image or the volume.'],
  [/mount|not a directory|no such device/i, 'A volume cannot be mounted: check the volumes of the service.'],
];

const EXIT_WORDS: Readonly<Record<number, string>> = {
  0: 'a normal end, but a service must stay up',
  1: 'an error of its own',
  125: 'it could not be run',
  126: 'its command cannot be executed',
  127: 'its command was not found',
  130: 'interrupted',
  134: 'aborted',
  137: 'killed',
  139: 'crashed: segmentation fault',
  143: 'told to stop',
  255: 'an error of its own',
};
