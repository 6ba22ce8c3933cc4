import { setMaxListeners } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import type { LogLine } from '../../scripts/core/result.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../scripts/sandbox/sandbox.ts';
import { atTheEnd, call, json, MINT, temporaryFolder } from './support.ts';

/** The line with which the BFF says that it listens. */
export const READY = 'Press CTRL+C';

/** The line with which it gives up. */
export const FAILED = 'Application startup failed';

export const NEVER = new AbortController().signal;

// Tests that run at the same time share it.
setMaxListeners(100, NEVER);

export async function sandbox(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const started = await startSandbox({ dir: temporaryFolder(), signal: NEVER, ...options });
  atTheEnd(() => started.close());
  return started;
}

/** Writes a fresh token into the compose file, as the runbook has it done by hand. */
export async function writeToken({ idpUrl, adminToken, composeFile }: Sandbox): Promise<string> {
  const { token } = json(await call('POST', idpUrl + MINT, adminToken.reveal(), { label: 'test' }));
  edit(composeFile, (text) => text.replace('      ALLOW_', `      DCR_IAT: "${token}"\n      ALLOW_`));
  return token;
}

export function edit(file: string, change: (text: string) => string): void {
  writeFileSync(file, change(readFileSync(file, 'utf8')));
}

export async function current({ stack }: Sandbox) {
  const [container] = await stack.instances(NEVER);
  if (container === undefined) throw new Error('the bff has no container');
  return container;
}

/** Follows the log until a line holds the text; everything that was read by then. */
export async function linesUntil({ stack }: Sandbox, id: string, text: string): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for await (const line of stack.logs(id, { follow: true, signal: NEVER })) {
    lines.push(line);
    if (line.text.includes(text)) return lines;
  }
  throw new Error(`the log ended without "${text}":\n${lines.map((line) => line.text).join('\n')}`);
}
