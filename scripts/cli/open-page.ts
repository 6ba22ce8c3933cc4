import { openersFor } from './openers.ts';
import type { Session } from './session.ts';

/** Opens a page in the browser (`--open`). Where that cannot be, a note says so, and nothing else changes. */
export async function openPage({ outside, human, redact }: Session, path: string): Promise<void> {
  const { platform, env } = outside.host;
  const openers = openersFor(path, { platform, env });
  if (typeof openers === 'string') {
    human.print({ text: redact(`Not opened. ${openers} The page is ${path}`), indent: '' });
    return;
  }
  for (const { file, args } of openers) if (await outside.startDetached(file, args, env)) return;
  const tried = openers.map(({ file }) => file).join(' or ');
  human.print({ text: redact(`Not opened, because ${tried} could not be started. The page is ${path}`), indent: '' });
}
