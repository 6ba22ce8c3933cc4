import { resolve } from 'node:path';
import { readDotenv } from '../../compose-file/dotenv.ts';
import { COMMANDS } from '../commands.ts';
import { flagOf } from '../option-values.ts';
import { OPTIONS, type OptionName } from '../options.ts';
import { findTexts } from '../settings.ts';
import { type Expected, optionsLeft, type Typed } from './expected.ts';
import type { CompletionOutside } from './outside.ts';
import { SHELLS } from './shells.ts';

/** A word that may be typed, and what it is in a few words; '': nothing needs to be said. */
export interface Candidate {
  readonly word: string;
  readonly about: string;
}

/**
 * The words that are meant by what is expected. What takes long to load is loaded for what needs it only.
 *
 * @param value what has been typed of the word
 * @throws whatever is wrong with a file
 */
export async function wordsFrom(
  expected: Exclude<Expected, { readonly kind: 'files' | 'folders' }>,
  typed: Typed,
  value: string,
  outside: CompletionOutside,
): Promise<Candidate[]> {
  switch (expected.kind) {
    case 'nothing':
      return [];
    case 'shells':
      return SHELLS.map((word) => ({ word, about: '' }));
    case 'commands': {
      const commands = Object.entries(COMMANDS).map(([word, about]) => ({ word, about }));
      return [...commands, { word: 'completion', about: 'Print what makes Tab complete these words.' }];
    }
    case 'options':
      return [
        ...optionsLeft(typed).map((name) => ({ word: flagOf(OPTIONS[name]), about: OPTIONS[name].description })),
        { word: '--help', about: 'print the options' },
        { word: '--version', about: 'print the version' },
      ];
    case 'choices': {
      // Of a list the last one is being typed.
      const done = expected.isList ? value.slice(0, value.lastIndexOf(',') + 1) : '';
      return expected.choices
        .filter((choice) => !done.split(',').includes(choice))
        .map((choice) => ({ word: `${done}${choice}`, about: '' }));
    }
    case 'faults':
      return Object.entries(await outside.faults()).map(([word, { description }]) => ({ word, about: description }));
    case 'services':
      return servicesIn(await filesOf('composeFiles', typed, outside), outside);
    default:
      return namesIn(await filesOf('collection', typed, outside), expected.kind, value, outside);
  }
}

/** The files that an option names, wherever it is given: on the line, in its variable, in `.env`; else its default. */
async function filesOf(name: OptionName, typed: Typed, { env, cwd, read }: CompletionOutside): Promise<string[]> {
  const [first] = typed.names;
  const given = typed.values[name] ?? (name === 'collection' && typed.command === 'collection' ? first : undefined);
  const dotenv = given === undefined ? readDotenv(await read(resolve(cwd, '.env'))) : new Map<string, string>();
  const sources = { env, dotenv, cwd, typedFrom: cwd, nodeOptions: [] };
  const found = findTexts(name, typed.command, given, sources);
  // The shell has not put it in yet.
  const home = env['HOME'] ?? '~';
  return (found?.texts ?? []).map((text) =>
    resolve(
      found?.base ?? cwd,
      text.replace(/^~(?=\/)/, () => home),
    ),
  );
}

async function namesIn(
  [file = '']: readonly string[],
  kind: 'requests' | 'collection-folders' | 'items',
  value: string,
  { read }: CompletionOutside,
): Promise<Candidate[]> {
  const bytes = await read(file);
  if (bytes === null) return [];
  const [{ isFolder, parseCollection, pathOf, placesOf }, { Names }] = await Promise.all([
    import('../../postman/collection.ts'),
    import('../../postman/selection.ts'),
  ]);
  const all = placesOf(parseCollection(bytes, file));
  const places = all.filter((place) => kind === 'items' || isFolder(place) === (kind === 'collection-folders'));
  const index = new Names(places);
  return places.flatMap((place) => {
    const about = isFolder(place) ? 'folder' : String(place.item.request?.method ?? 'GET');
    const spelling = index.spellingOf(place).slice(1, -1);
    // Who has begun to type a path goes on with it.
    const path = value !== '' && index.matches(pathOf(place)).length === 1 ? pathOf(place) : spelling;
    return [...new Set([spelling, path])].map((word) => ({ word, about }));
  });
}

/** The services of the files together, in their order. */
async function servicesIn(named: readonly string[], outside: CompletionOutside): Promise<Candidate[]> {
  const files = named.length > 0 ? named : await outside.defaultComposeFiles();
  const { listServices } = await import('../../compose-file/environment.ts');
  const services = new Set<string>();
  for (const file of files) {
    const bytes = await outside.read(file);
    if (bytes !== null) for (const name of listServices(bytes, file)) services.add(name);
  }
  return [...services].map((word) => ({ word, about: '' }));
}
