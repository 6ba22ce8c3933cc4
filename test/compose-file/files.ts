import { setEnvironment, unsetEnvironment } from '../../scripts/compose-file/environment.ts';
import { AppError } from '../../scripts/core/errors.ts';

export const TOKEN = 'test-only-token';

export function bytes(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

export function text(encoded: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(encoded);
}

/** A fixture as a file has it: without the indentation that its lines share, and the line break after the backtick. */
export function source(strings: TemplateStringsArray): string {
  const content = String.raw({ raw: strings }).replace(/^\n/, '').replace(/\n *$/, '\n');
  const shared = Math.min(...[...content.matchAll(/^ *(?=\S)/gm)].map(([indentation]) => indentation.length));
  return content.replaceAll(new RegExp(`^ {${shared}}`, 'gm'), '');
}

/** A file with the service `app` and these lines of it, and another service behind it. */
export function app(lines: string): string {
  return `services:\n  app:\n    image: busybox\n${lines}  other:\n    image: busybox\n`;
}

/** The file with variables set for `app`. */
export function set(before: string, values: Record<string, string> = { DCR_IAT: TOKEN }): string {
  return text(setEnvironment(bytes(before), 'app', values).bytes);
}

/** The file with variables taken out of `app`. */
export function unset(before: string, names = ['DCR_IAT']): string {
  return text(unsetEnvironment(bytes(before), 'app', names).bytes);
}

/** The refusal that the act ends with. */
export function refusal(act: () => unknown): AppError {
  try {
    act();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

export function refusalOfSetting(file: string | Uint8Array, service = 'app'): AppError {
  const content = typeof file === 'string' ? bytes(file) : file;
  return refusal(() => setEnvironment(content, service, { DCR_IAT: TOKEN }, 'dir/compose.yaml'));
}
