import { renderCommand } from '../compose/failures.ts';
import type { ByHand, Stack } from '../core/stack.ts';

/** What a person types, from the commands of a stack. */
export function byHandOf(stack: Stack, service: string): ByHand {
  const { check, restart, follow } = stack.commands(service);
  return {
    check: renderCommand(check),
    restart: renderCommand(restart),
    recreate: renderCommand({ ...restart, args: [...restart.args, '--force-recreate'] }),
    follow: renderCommand(follow),
    log: ({ name }) => `docker logs ${name}`,
    inspect: ({ name }) => `docker inspect ${name}`,
    resume: ({ name }) => `docker unpause ${name}`,
  };
}
