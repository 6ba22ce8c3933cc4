import { basename, dirname, join, resolve } from 'node:path';
import { AppError } from '../core/errors.ts';

/** Where the compose file of this product is looked for, before compose's own names. */
const PRODUCT_FILES = ['docker-compose-authzen4.yml', '../CRUDService/docker-compose-authzen4.yml'];

/** In v2's order; v1 takes docker-compose.yml first; each may have an override beside it, which compose takes by itself. */
const OWN_FILES = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];
const OVERRIDES = [
  'compose.override.yml',
  'compose.override.yaml',
  'docker-compose.override.yml',
  'docker-compose.override.yaml',
];

/**
 * The compose files of a run: the named ones, or the first default that exists, with its override.
 *
 * @throws AppError `compose-file-missing` with the places that were looked at
 */
export async function findComposeFiles(
  named: readonly string[] | null,
  cwd: string,
  exists: (path: string) => Promise<boolean>,
): Promise<string[]> {
  if (named !== null) {
    for (const file of named) {
      if (await exists(file)) continue;
      // A list of another system is one long name here. A drive's colon separates nothing.
      const isList = /[;:]/.test(file.replace(/^[A-Za-z]:/, ''));
      const separated =
        ' In COMPOSE_FILE there is ; between two files on Windows and : elsewhere, or what COMPOSE_PATH_SEPARATOR says.';
      throw new AppError('compose-file-missing', `There is no compose file at ${file}.`, {
        hint: `Name it with -f FILE (or COMPOSE_FILE).${isList ? separated : ''}`,
      });
    }
    return [...named];
  }
  for (const name of PRODUCT_FILES) if (await exists(resolve(cwd, name))) return [resolve(cwd, name)];
  // Compose looks in the folders above, too.
  for (let folder = cwd; ; folder = dirname(folder)) {
    for (const name of OWN_FILES) {
      if (await exists(join(folder, name))) return withOverride(join(folder, name), exists);
    }
    if (dirname(folder) === folder) break;
  }
  throw new AppError('compose-file-missing', 'There is no compose file here.', {
    hint: {
      text: `Name it with -f FILE. Looked for ${PRODUCT_FILES.join(', ')} and ${OWN_FILES.join(', ')} from ${cwd}. To try the tool without one:`,
      command: 'npm run demo',
    },
  });
}

/** What else compose could take for its own file in the folder of the found one, each with its override. */
export async function otherComposeFiles(
  [found = '']: readonly string[],
  exists: (path: string) => Promise<boolean>,
): Promise<string[][]> {
  const others: string[][] = [];
  if (!OWN_FILES.includes(basename(found))) return others;
  for (const name of OWN_FILES) {
    const path = join(dirname(found), name);
    if (path !== found && (await exists(path))) others.push(await withOverride(path, exists));
  }
  return others;
}

async function withOverride(path: string, exists: (path: string) => Promise<boolean>): Promise<string[]> {
  for (const name of OVERRIDES) {
    const override = join(dirname(path), name);
    if (await exists(override)) return [path, override];
  }
  return [path];
}
