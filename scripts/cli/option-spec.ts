import type { CommandName } from './commands.ts';

/** How a value's text becomes a setting. */
export type Kind = 'text' | 'url' | 'file' | 'name' | 'write' | 'seconds' | 'count' | 'pointer' | 'switch' | 'list';

export interface OptionSpec {
  /** As in `--help`. */
  readonly flags: string;
  /** The environment variable that it reads as well. */
  readonly variable?: string;
  readonly kind: Kind;
  /** What stands in `--help`; the default is named in the text where it is not a plain value. */
  readonly description: string;
  readonly fallback?: string;
  readonly commands: readonly CommandName[];
}
