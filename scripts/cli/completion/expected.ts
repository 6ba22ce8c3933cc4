import { COMMANDS, type CommandName } from '../commands.ts';
import { OUTPUT_PATH, PATH } from '../option-values.ts';
import { OPTIONS, type OptionName, type OptionSpec } from '../options.ts';
import type { Arguments } from '../parse.ts';
import type { Line } from './line.ts';

/** What can stand at one place of a command line. */
export type Expected =
  | { readonly kind: 'commands' | 'shells' | 'nothing' }
  /** Paths, which the shell completes. */
  | { readonly kind: 'files' }
  | { readonly kind: 'folders' }
  | { readonly kind: 'options'; readonly command: CommandName }
  | { readonly kind: 'choices'; readonly choices: readonly string[]; readonly isList: boolean }
  | { readonly kind: NamesKind };

/** Names that files hold. */
export type NamesKind = 'requests' | 'collection-folders' | 'items' | 'services' | 'faults';

/** The part of a command line that has been typed. */
export interface Typed {
  readonly command: CommandName;
  readonly values: Arguments['values'];
  readonly names: readonly string[];
}

/** Options whose values are names. */
const NAMES: Readonly<Partial<Record<OptionName, NamesKind>>> = {
  request: 'requests',
  healthFolder: 'collection-folders',
  login: 'items',
  folders: 'items',
  service: 'services',
  fault: 'faults',
};

/** What is expected at the cursor, and what was said before it. */
export function expectedAt({ before: [first, ...words], current }: Line): { expected: Expected; typed: Typed } {
  const typed = (command: CommandName): Typed => ({ command, values: {}, names: [] });
  if (first === undefined) return { expected: { kind: 'commands' }, typed: typed('iat') };
  const shells = first === 'completion' && words.length === 0;
  const command = first === 'iat:clear' ? 'clear' : first;
  if (!isCommand(command)) return { expected: { kind: shells ? 'shells' : 'nothing' }, typed: typed('iat') };
  const { pending, isRest, ...said } = walk(command, words);
  const inline = /^(--[\w-]+)=/.exec(current)?.[1];
  const option = inline === undefined ? pending : findOption(command, inline);
  // A word that may follow, but need not.
  const isLeftOut = inline === undefined && option !== null && mayBeAlone(OPTIONS[option]) && current.startsWith('-');
  if (option !== null && !isLeftOut) return { expected: expectedOf(option), typed: said };
  if (inline !== undefined) return { expected: { kind: 'nothing' }, typed: said };
  if (current.startsWith('-') && !isRest) return { expected: { kind: 'options', command }, typed: said };
  return { expected: argumentOf(said), typed: said };
}

export function isCommand(word: string): word is CommandName {
  return Object.hasOwn(COMMANDS, word);
}

/** The options of a command that can (still) be given. */
export function optionsLeft({ command, values }: Typed): OptionName[] {
  return (Object.keys(OPTIONS) as OptionName[]).filter((name) => {
    const spec: OptionSpec = OPTIONS[name];
    return spec.commands.includes(command) && (values[name] === undefined || spec.repeatable === true);
  });
}

function walk(command: CommandName, words: readonly string[]) {
  const values: { -readonly [Name in OptionName]?: string | readonly string[] | true } = {};
  const names: string[] = [];
  let pending: OptionName | null = null;
  let isForeign = false;
  let isRest = false;
  for (const word of command === 'collection' ? withoutNewman(words) : words) {
    const isFlag: boolean = word.startsWith('-') && word !== '-' && !isRest;
    const [, flag = word, value] = (isFlag ? /^(--[\w-]+)=(.*)$/s.exec(word) : null) ?? [];
    if (pending !== null && !(isFlag && mayBeAlone(OPTIONS[pending]))) {
      add(pending, word);
      pending = null;
    } else if (word === '--' && !isRest) isRest = true;
    else if (isFlag) {
      const option: OptionName | null = findOption(command, flag);
      pending = option !== null && value === undefined && takesWord(OPTIONS[option]) ? option : null;
      if (option !== null && pending === null) add(option, value ?? true);
      // `--reporter-junit-export FILE`
      isForeign = option === null && value === undefined && flag.startsWith('--reporter-');
      continue;
    } else if (!isForeign) names.push(word);
    isForeign = false;
  }
  return { command, values, names, pending, isRest };

  function add(name: OptionName, value: string | true): void {
    const spec: OptionSpec = OPTIONS[name];
    values[name] =
      spec.repeatable === true && value !== true ? ([...[values[name] ?? []].flat(), value] as string[]) : value;
  }
}

/** `collection newman run FILE` is taken for `collection FILE`. */
function withoutNewman(words: readonly string[]): readonly string[] {
  return words[0] === 'newman' && words[1] === 'run' ? words.slice(2) : words[0] === 'run' ? words.slice(1) : words;
}

function findOption(command: CommandName, flag: string): OptionName | null {
  const name = flag === '--ssl-extra-ca-certs' ? '--ca-file' : flag;
  const found = (Object.keys(OPTIONS) as OptionName[]).filter((key) =>
    OPTIONS[key].flags.split(/[ ,]+/).includes(name),
  );
  // After `iat` people type the same line with `clear`: what means nothing to it still takes its value.
  return found.find((key) => (OPTIONS[key].commands as readonly CommandName[]).includes(command)) ?? found[0] ?? null;
}

function takesWord({ flags }: OptionSpec): boolean {
  return /[<[]/.test(flags);
}

function mayBeAlone({ flags }: OptionSpec): boolean {
  return !flags.includes('<');
}

function expectedOf(name: OptionName): Expected {
  const spec: OptionSpec = OPTIONS[name];
  const { value } = spec;
  const names = NAMES[name];
  if (names !== undefined) return { kind: names };
  if (spec.flags.includes('<dir>')) return { kind: 'folders' };
  if (value === PATH || value === OUTPUT_PATH) return { kind: 'files' };
  if (value.choices !== undefined) return { kind: 'choices', choices: value.choices, isList: value.isList === true };
  return { kind: 'nothing' };
}

/** What stands by itself: of `collection` its file, then names. The others take options only. */
function argumentOf({ command, values, names }: Typed): Expected {
  if (command !== 'collection') return { kind: 'options', command };
  return names.length === 0 && values.collection === undefined ? { kind: 'files' } : { kind: 'items' };
}
