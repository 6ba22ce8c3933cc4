import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { verifyRefused } from '../support/refused.ts';
import { createStandIn, type StandIn } from '../support/stand-in.ts';

const HIDDEN = 'test-only-value-that-is-of-another-kind';

/** A request of Postman's format, for the test's own collection. */
function request(name: string, url = '{{idp_url}}/api/admin/dcr/initial-access-tokens') {
  return { name, request: { method: 'POST', url } };
}

async function writeCollection(standIn: StandIn, items: readonly object[]): Promise<void> {
  const schema = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';
  const health = { name: 'BFF Health', item: [request('Health', '{{bff_url}}/health')] };
  const variable = [
    { key: 'idp_url', value: 'https://idp.test' },
    { key: 'bff_url', value: 'https://bff.test' },
  ];
  const collection = { info: { name: 'Own', schema }, item: [...items, health], variable };
  await writeFile(join(standIn.home, 'own.json'), JSON.stringify(collection));
}

const OWN = { args: ['--collection', 'own.json'] };

// There is no docker in these: what is wrong with the files is reported first.
describe('the compose file', () => {
  test('there is none', async () => {
    const standIn = await createStandIn([]);
    await rm(standIn.composeFile);
    const text = await verifyRefused(standIn, 'compose-file-missing');
    expect(text).toMatch(/no compose file here\.\s+Name it with -f FILE\. Looked for docker-compose-authzen4\.yml/);
  });

  test('there is none of that name', async () => {
    const text = await verifyRefused(await createStandIn([]), 'compose-file-missing', { args: ['-f', 'other.yml'] });
    expect(text).toContain('There is no compose file at other.yml.\n  Name it with -f FILE');
  });

  test('it is a folder', async () => {
    const standIn = await createStandIn([]);
    await mkdir(join(standIn.home, 'folder.yml'));
    const text = await verifyRefused(standIn, 'file-not-regular', { args: ['-f', 'folder.yml'] });
    expect(text).toContain('folder.yml is a folder, not a file.');
  });

  test('it is read-only', async () => {
    const standIn = await createStandIn([]);
    await chmod(standIn.composeFile, 0o444);
    const text = await verifyRefused(standIn, 'file-not-writable');
    expect(text).toMatch(/compose\.yaml is read-only\.\s.*chmod u\+w compose\.yaml/s);
  });

  test('it has no such service: the nearest is named', async () => {
    const text = await verifyRefused(await createStandIn([]), 'service-not-found', { args: ['--service', 'bfff'] });
    expect(text).toMatch(/no service "bfff".*compose\.yaml\n.*Did you mean bff\?/s);
  });

  test.for([
    ['a second colon', `      A: b\n      PASSWORD: ${HIDDEN}: x\n`, 5],
    ['a tab', `      A: b\n\t  PASSWORD: ${HIDDEN}\n`, 5],
    ['an open bracket', `      PASSWORD: [${HIDDEN}\n      B: c\n`, 5],
    ['the same key twice', `      PASSWORD: ${HIDDEN}\n      A: b\n      PASSWORD: ${HIDDEN}\n`, 6],
  ] as [string, string, number][])(
    'it is not YAML (%s): file, line, column, caret, no value',
    async ([, lines, line]) => {
      const standIn = await createStandIn([]);
      await writeFile(standIn.composeFile, `services:\n  bff:\n    environment:\n${lines}`);
      const text = await verifyRefused(standIn, 'yaml-syntax', { secrets: [HIDDEN] });
      const place = /^ {2}at compose\.yaml:(\d+):(\d+)\n {2}(\d+) \| (.*)\n( *\t* *)\^$/m.exec(text);
      expect(place, text).not.toBeNull();
      const [, at, column, shownLine, excerpt = '', before = ''] = place ?? [];
      expect(at, text).toBe(String(line));
      expect(shownLine).toBe(at);
      expect(before.length).toBe(`  ${at} | `.length + Number(column) - 1);
      expect(excerpt.length).toBeGreaterThan(0);
    },
  );
});

describe('the collection', () => {
  test('has no such request: the nearest is named', async () => {
    const text = await verifyRefused(await createStandIn([]), 'request-not-found', { args: ['--request', 'DCR IATT'] });
    expect(text).toMatch(/"DCR IATT".*Did you mean "DCR IAT"\? Name it with --request/s);
  });

  test('has two of that name: both are listed with their folders', async () => {
    const standIn = await createStandIn([]);
    await writeCollection(standIn, [
      { name: 'One', item: [request('DCR IAT')] },
      { name: 'Two', item: [request('DCR IAT')] },
    ]);
    const text = await verifyRefused(standIn, 'request-ambiguous', OWN);
    expect(text).toMatch(/One\/DCR IAT.*Two\/DCR IAT/s);
  });

  test('has a variable without a value: it is named', async () => {
    const standIn = await createStandIn([]);
    await writeCollection(standIn, [request('DCR IAT', '{{idp_url}}/{{realm}}/tokens')]);
    expect(await verifyRefused(standIn, 'variable-unresolved', OWN)).toMatch(/realm.*--env-var/s);
  });

  test('is a folder, as of the v3 format', async () => {
    const standIn = await createStandIn([]);
    await mkdir(join(standIn.home, 'own.json'));
    expect(await verifyRefused(standIn, 'collection-v3', OWN)).toMatch(/v3 format.*Export it as v2\.1/s);
  });

  test('is YAML, as of the v3 format', async () => {
    const standIn = await createStandIn([]);
    await writeFile(join(standIn.home, 'own.json'), `$kind: collection\nname: ${HIDDEN}\n`);
    const text = await verifyRefused(standIn, 'collection-v3', { ...OWN, secrets: [HIDDEN] });
    expect(text).toMatch(/v3 format.*Export it as\s+v2\.1/s);
  });

  test('is not JSON: the place, and nothing of it', async () => {
    const standIn = await createStandIn([]);
    await writeFile(join(standIn.home, 'own.json'), `{\n  "token": "${HIDDEN}" ${HIDDEN}\n}\n`);
    const text = await verifyRefused(standIn, 'collection-invalid', { ...OWN, secrets: [HIDDEN] });
    expect(text).toContain(`at own.json:2:${`  "token": "${HIDDEN}" `.length + 1}\n`);
  });

  test('is not there', async () => {
    expect(await verifyRefused(await createStandIn([]), 'collection-missing', OWN)).toContain('at own.json.');
  });
});
