import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Fixture, type Fixtures, SCHEMA } from './building.ts';
import { ANSWERS } from './fixtures/answers.ts';
import { AUTHORIZATION } from './fixtures/authorization.ts';
import { BODIES } from './fixtures/bodies.ts';
import { FORMATS } from './fixtures/formats.ts';
import { ORDER } from './fixtures/order.ts';
import { REDIRECTS } from './fixtures/redirects.ts';
import { SCRIPTS } from './fixtures/scripts.ts';
import { URLS } from './fixtures/urls.ts';
import { VARIABLES } from './fixtures/variables.ts';

/** Small collections, one trap each, for the hosts of building.ts: what is sent and what comes. */
export const OF_REQUESTS: Fixtures = { ...REDIRECTS, ...AUTHORIZATION, ...BODIES, ...ANSWERS, ...URLS };

/** The same: what runs, in which order, with which variables. */
export const OF_RUNS: Fixtures = { ...ORDER, ...SCRIPTS, ...VARIABLES, ...FORMATS };

/** Writes them into a folder, with a `manifest.json` that says what belongs together. */
export async function writeFixtures(
  folder: string,
  fixtures: Fixtures = { ...OF_REQUESTS, ...OF_RUNS },
): Promise<void> {
  const entries = await Promise.all(
    Object.entries(fixtures).map(async ([id, fixture]) => ({
      id,
      ...(await writeFixture(join(folder, id), id, fixture)),
    })),
  );
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(entries, null, 1));
}

/** @returns its entry of the manifest, with paths that start from the folder above */
async function writeFixture(folder: string, id: string, fixture: Fixture): Promise<object> {
  const { items, more, environment, globals, data, args, files = {} } = fixture;
  const document = fixture.document ?? { info: { name: id, schema: SCHEMA }, item: items, ...more };
  const [ending, table] = Object.entries(data ?? {})[0] ?? [];
  const json = (value: unknown) => (value === undefined ? undefined : JSON.stringify(value, null, 1));
  const texts = {
    [`collection.json`]: typeof document === 'string' ? document : json(document),
    'environment.json': json(environment),
    'globals.json': json(globals),
    [`data.${ending}`]: table,
    ...files,
  };
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(texts)) if (text !== undefined) await writeFile(join(folder, name), text);
  const path = (name: string) => (texts[name] === undefined ? {} : { [name.split('.')[0] ?? '']: `${id}/${name}` });
  return {
    ...{ ...path('collection.json'), ...path('environment.json'), ...path('globals.json'), ...path(`data.${ending}`) },
    ...(args === undefined ? {} : { args }),
    cwd: fixture.isFromAbove ? '' : id,
  };
}
