import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { CollectionRun } from '../../scripts/core/ports.ts';
import type { Item } from '../../scripts/postman/collection-format.ts';
import { type Attack, attacks, CANARY } from '../support/attacks.ts';
import { request } from '../support/builders.ts';
import { runOf } from '../support/collection-run.ts';
import { runInWorker, type Scene, scene, script, useWorker } from '../support/hostile-run.ts';
import { findLeaks } from '../support/leaks.ts';

const worker = useWorker();

interface Sent extends Scene {
  readonly shown: string;
  /** What arrived where the request was to go, and elsewhere. */
  readonly arrived: readonly string[];
  readonly elsewhere: readonly string[];
  /** Of the request. */
  readonly error: string;
}

/** A request of `collection`, which may send files from the scene's folder. */
async function sendFile(src: string, prepare: (folder: string) => Promise<unknown> = async () => {}): Promise<Sent> {
  const { atIdp, atOther, ...where } = await scene(undefined);
  const folder = join(where.folder, 'collection');
  await mkdir(folder);
  await writeFile(join(where.folder, 'outside.txt'), CANARY.admin);
  await prepare(folder);
  const item = {
    name: 'R',
    request: { method: 'POST', url: `${where.idp}/x`, body: { mode: 'file', file: { src } } },
  } as Item;
  const local = { workingDirs: [folder], folders: [folder], withheld: [join(folder, 'reports')] };
  const { exchanges } = await runInWorker(runOf([item], 'R', { local }), {});
  const error = exchanges[0]?.error?.message ?? '';
  return { ...where, shown: error, error, arrived: atIdp, elsewhere: atOther };
}

const write = (path: string, text: string) => async (folder: string) => {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
};
const withheld = (name: string, src: string, prepare?: (folder: string) => Promise<unknown>): Attack<Sent> => ({
  name,
  attempt: () => sendFile(src, prepare),
  happened: ({ error }) =>
    expect(error).toMatch(/^a file was not sent: ".*", (?:such a file is never|it is not below)/),
  outcome: ({ arrived }) => expect(findLeaks(CANARY.admin, { arrived: arrived.join() })).toEqual([]),
});

/** A `.newmanrc` of the home folder that moves the requests elsewhere. */
async function runWithRc(local: CollectionRun['local']): Promise<Sent> {
  const { atIdp, atOther, ...where } = await scene(undefined);
  await mkdir(join(worker.home(), '.postman'), { recursive: true });
  await writeFile(
    join(worker.home(), '.postman', 'newmanrc'),
    JSON.stringify({ run: { iterationData: [{ base: where.other }] } }),
  );
  onTestFinished(() => rm(join(worker.home(), '.postman', 'newmanrc')));
  const variables = [{ name: 'base', value: where.idp }];
  await runInWorker(runOf([request('R', '{{base}}/x')], 'R', { local, variables }), {});
  return { ...where, shown: '', error: '', arrived: atIdp, elsewhere: atOther };
}

attacks('files of this machine', [
  {
    name: 'none: what lies beside the collection is sent',
    attempt: () => sendFile('data/a.txt', write('data/a.txt', 'the text of a file')),
    happened: ({ arrived }) => expect(arrived).toHaveLength(1),
    outcome: ({ arrived }) => expect(arrived[0]).toContain('the text of a file'),
  },
  withheld('.env beside the collection', '.env', write('.env', CANARY.admin)),
  withheld('.env.local in a folder', 'a/.env.local', write('a/.env.local', CANARY.admin)),
  withheld('the compose file', 'compose.yaml', write('compose.yaml', CANARY.admin)),
  withheld(
    'a compose file of another name',
    'docker-compose-authzen4.yml',
    write('docker-compose-authzen4.yml', CANARY.admin),
  ),
  withheld('a report', 'reports/x/index.html', write('reports/x/index.html', CANARY.admin)),
  withheld('a file above', '../outside.txt'),
  withheld('an absolute path', '/proc/self/environ'),
  withheld('a link to a file above', 'link.txt', (folder) => symlink('../outside.txt', join(folder, 'link.txt'))),
  withheld('a link in the name of a folder', 'up/outside.txt', (folder) => symlink('..', join(folder, 'up'))),
  withheld('a link to .env', 'b.txt', async (folder) => {
    await write('.env', CANARY.admin)(folder);
    await symlink('.env', join(folder, 'b.txt'));
  }),
  {
    name: 'a body that a script makes a file of, in a run that sends none',
    attempt: async () => {
      const { atIdp, atOther, ...where } = await scene(undefined);
      const file = join(where.folder, 'a.txt');
      await writeFile(file, CANARY.admin);
      const item = {
        ...request('R', `${where.idp}/x`),
        ...script(
          'prerequest',
          `pm.request.update({ method: 'POST', url: '${where.idp}/x', body: { mode: 'file', file: { src: '${file}' } } });`,
        ),
      };
      const { exchanges } = await runInWorker(runOf([item], 'R', { origins: [where.idp] }), {});
      const error = exchanges[0]?.error?.message ?? '';
      return { ...where, shown: error, error, arrived: atIdp, elsewhere: atOther };
    },
    happened: ({ error }) => expect(error).toMatch(/files are not sent in this run/),
    outcome: ({ arrived }) => expect(arrived.join()).not.toContain(CANARY.admin),
  },
  {
    name: 'a .newmanrc that moves a request: it does not count for mint and health',
    attempt: () => runWithRc(null),
    happened: ({ arrived }) => expect(arrived).toHaveLength(1),
    outcome: ({ elsewhere }) => expect(elsewhere).toEqual([]),
  },
  {
    name: 'the same for a collection: it counts for its command line, and not behind it',
    attempt: () => runWithRc({ workingDirs: ['/'], folders: [], withheld: [] }),
    happened: ({ arrived }) => expect(arrived).toHaveLength(1),
    outcome: ({ elsewhere }) => expect(elsewhere).toEqual([]),
  },
]);
