import { expect, test } from 'vitest';
import { findComposeFiles } from '../../scripts/compose/default-files.ts';

test.each([
  ['C:\\app\\a.yml:b.yml', true],
  ['/app/a.yml;b.yml', true],
  ['C:\\app\\a.yml', false],
  ['/app/a.yml', false],
])('%s is not there: the separator of two files is named: %s', async (file, isNamed) => {
  const refused = await findComposeFiles([file], '/', async () => false).catch((error) => error);
  expect(refused).toMatchObject({ code: 'compose-file-missing', message: `There is no compose file at ${file}.` });
  expect(refused.hint.text.includes('COMPOSE_PATH_SEPARATOR')).toBe(isNamed);
});
