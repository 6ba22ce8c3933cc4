import type { Dirent } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { isRecord, jsonOrNull } from '../../core/json.ts';

/** A collection with what belongs to it. Paths are absolute. */
export interface Case {
  readonly id: string;
  readonly collection: string;
  readonly environment: string | null;
  readonly globals: string | null;
  readonly data: string | null;
  /** Options for both command lines. */
  readonly args: readonly string[];
  /** Where both run. */
  readonly cwd: string;
}

/**
 * The collections below a folder, known by what is in them. A `manifest.json` says what belongs together: a list of objects with
 * `collection` and, as it needs them, `id`, `environment`, `globals`, `data`, `args` and `cwd`; paths start from its folder.
 * A collection that no manifest names has NAME.env.json, NAME.globals.json and NAME.csv beside it, where those exist, and its
 * certificates are not verified, for nobody says whose they are.
 */
export async function findCases(root: string): Promise<readonly Case[]> {
  const files = await filesBelow(root);
  const manifests = files.filter((file) => file.endsWith('/manifest.json'));
  const listed = (await Promise.all(manifests.map((file) => readManifest(file, root)))).flat();
  const known = new Set([...listed.flatMap((each) => [each.collection, each.environment, each.globals]), ...manifests]);
  const others: Case[] = [];
  for (const file of files) {
    if (known.has(file) || !/json|collection/i.test(file) || !isCollection(await readFile(file))) continue;
    const beside = (end: string) => {
      const path = file.replace(/(?:\.postman_collection)?\.json$/, '') + end;
      return files.includes(path) ? path : null;
    };
    others.push({
      id: relative(root, file),
      collection: file,
      environment: beside('.env.json'),
      globals: beside('.globals.json'),
      data: beside('.csv'),
      args: ['--insecure'],
      cwd: resolve(file, '..'),
    });
  }
  return [...listed, ...others];
}

async function filesBelow(root: string): Promise<string[]> {
  const isKept = ({ name }: Dirent) => name !== 'node_modules' && name !== '.git';
  const entries = (await readdir(root, { withFileTypes: true })).filter(isKept);
  const found = await Promise.all(
    entries.map((entry) => {
      const path = join(root, entry.name);
      return entry.isDirectory() ? filesBelow(path) : entry.isFile() ? [path] : [];
    }),
  );
  return found.flat().sort();
}

interface Listed extends Partial<Omit<Case, 'args'>> {
  readonly args?: string | readonly string[];
  readonly options?: string | readonly string[];
}

async function readManifest(file: string, root: string): Promise<Case[]> {
  const folder = resolve(file, '..');
  const path = (name: string | null | undefined) =>
    name === null || name === undefined ? null : resolve(folder, name);
  const words = (args: string | readonly string[] = []) => (typeof args === 'string' ? args.split(' ') : args);
  const list = jsonOrNull(await readFile(file, 'utf8'));
  const entries = (Array.isArray(list) ? list : []) as readonly Listed[];
  return entries.flatMap(({ collection, id, environment, globals, data, args, options, cwd }): Case[] =>
    typeof collection !== 'string'
      ? []
      : [
          {
            id: id ?? relative(root, resolve(folder, collection)),
            collection: resolve(folder, collection),
            environment: path(environment),
            globals: path(globals),
            data: path(data),
            args: [...words(args), ...words(options)],
            cwd: resolve(folder, cwd ?? ''),
          },
        ],
  );
}

/** One of Postman's v1 or v2, as it is or as Postman's API gives it. */
function isCollection(bytes: Uint8Array): boolean {
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  const document = jsonOrNull(new TextDecoder(utf16 ? 'utf-16le' : 'utf-8').decode(bytes));
  if (!isRecord(document)) return false;
  const { item, order, requests } = isRecord(document['collection']) ? document['collection'] : document;
  const isV1 = Array.isArray(order) && Array.isArray(requests);
  return isV1 || (Array.isArray(item) && item.every(isItem));
}

function isItem(value: unknown): boolean {
  return isRecord(value) && ('request' in value || Array.isArray(value['item']));
}

/**
 * Gives hosts that are near (this machine, containers) a name that both tools ask the proxy for: Newman asks it for any host,
 * and this tool for none that is near. Every other byte stays.
 */
export async function moveHostsAway({ collection, environment, globals, data }: Case): Promise<void> {
  for (const file of new Set([collection, environment, globals, data])) {
    if (file === null) continue;
    const text = await readFile(file, 'latin1');
    const moved = text
      .replaceAll(/\blocalhost\b(?!\.)/g, 'localhost.test')
      .replaceAll(/(?<![\d.])127\.0\.0\.1(?![\d.])/g, 'loopback.test')
      .replaceAll(/"127",\s*"0",\s*"0",\s*"1"/g, '"loopback", "test"')
      .replaceAll(/(\bhttps?:\/\/[a-z][\w-]*)(?=[:/"?])/gi, '$1.test');
    if (moved !== text) await writeFile(file, moved, 'latin1');
  }
}
