import type { Command, CommandResult, RunOptions } from '../../scripts/core/ports.ts';
import { createKubectl, type Kubectl } from '../../scripts/kubernetes/kubectl.ts';

/** What a call prints on stdout, or how it ends otherwise. */
export type Said = string | Partial<CommandResult>;

/** Of what stays open: lines of stdout; those of stderr say so. */
export type Line = string | { readonly stderr: string };

export interface Script {
  /** @param args without `--context` and the like, in one line */
  run?(args: string, call: Command & RunOptions): Said | Promise<Said>;
  lines?(args: string, signal: AbortSignal): AsyncIterable<Line>;
}

export interface ScriptedKubectl {
  readonly kubectl: Kubectl;
  /** In the order in which they were made, as `Script.run` gets them. */
  readonly calls: string[];
  /** How many of what stays open is open. */
  open(): number;
}

const PINS = ['--context', 'test', '--namespace', 'crud'];

/** The real wrapper of kubectl around a program that a test plays. It waits for nothing but promises, so that a fake clock can turn. */
export function createScriptedKubectl(script: Script): ScriptedKubectl {
  const calls: string[] = [];
  let open = 0;
  const said = (command: Command) => {
    const pins = PINS.join(' ');
    const args = command.args.join(' ').replace(` ${pins}`, '').replace(' --request-timeout=15s', '');
    calls.push(args);
    return args;
  };
  const kubectl = createKubectl(
    {
      async run(command, options) {
        const args = said(command);
        options.signal.throwIfAborted();
        const answer = (await script.run?.(args, { ...command, ...options })) ?? { exitCode: 1 };
        options.signal.throwIfAborted();
        const result = { exitCode: 0, stdout: '', stderr: '', startError: null, timedOut: false };
        return typeof answer === 'string' ? { ...result, stdout: answer } : { ...result, ...answer };
      },
      async *lines(command, { signal }) {
        const args = said(command);
        open += 1;
        try {
          for await (const line of script.lines?.(args, signal) ?? [])
            yield typeof line === 'string'
              ? { stream: 'stdout' as const, text: line }
              : { stream: 'stderr' as const, text: line.stderr };
        } finally {
          open -= 1;
        }
      },
    },
    'kubectl',
    PINS,
    'linux',
  );
  return { kubectl, calls, open: () => open };
}

/** Lines that a test gives one by one; they end with `end()` or with the signal of who reads them. */
export class Feed {
  #lines: Line[] = [];
  #isOver = false;
  #wake = () => {};

  push(...lines: Line[]): void {
    this.#lines.push(...lines);
    this.#wake();
  }

  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  async *read(signal: AbortSignal): AsyncGenerator<Line> {
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    while (!signal.aborted) {
      const line = this.#lines.shift();
      if (line !== undefined) yield line;
      else if (this.#isOver) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}

/** Everything that goes on without time has gone on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
