import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { locateService } from '../../scripts/compose-file/environment-locate.ts';
import { GONE, proveEdit, VALUELESS } from '../../scripts/compose-file/environment-proof.ts';
import { parseTree } from '../../scripts/compose-file/yaml-tree.ts';
import { AppError } from '../../scripts/core/errors.ts';
import { source } from './files.ts';

const file = source`
  services:
    first:
      environment:
        A: b
    app: &app
      image: busybox
      environment: &env
        A: b
        DCR_IAT: "old"
        C: d
      labels: {a: b}
    last:
      image: busybox
      environment:
        A: b
  volumes: {}
`;

/** So much that only the service's own lines are parsed again. */
const PADDING = `# ${'x'.repeat(70_000)}\n`;

/** What the proof says to replacing a text of the service by another one, where DCR_IAT was to become "new". */
function prove(
  text: string,
  find: string,
  replacement: string,
  value: string | typeof GONE | typeof VALUELESS = 'new',
): string {
  const start = text.indexOf(find, text.indexOf('app:'));
  const splice = { start, end: start + find.length, text: replacement };
  const service = locateService(parseTree({ text, file: 'compose.yaml' }), 'app');
  try {
    proveEdit(service, { splices: [splice], names: [], inherited: null }, new Map([['DCR_IAT', value]]));
    return 'proven';
  } catch (error) {
    if (error instanceof AppError && error.code === 'internal') return error.message;
    throw error;
  }
}

describe.each([
  ['a small file, parsed again as a whole', ''],
  ['a large file, of which only the service is parsed again', PADDING],
])('%s', (_, padding) => {
  test.each([
    ['"old"', '"new"'],
    ['"old"', '"new" # with a comment'],
    ['DCR_IAT: "old"', '"DCR_IAT":\n        "new"'],
  ])('an edit of that variable is proven: %j -> %j', (find, replacement) => {
    expect(prove(padding + file, find, replacement)).toBe('proven');
  });

  test('so is taking it out', () => {
    expect(prove(padding + file, '      DCR_IAT: "old"\n', '', GONE)).toBe('proven');
  });

  test('so is taking its value, and nothing else is', () => {
    expect(prove(padding + file, ' "old"', '', VALUELESS)).toBe('proven');
    expect(prove(padding + file, '"old"', '""', VALUELESS)).toContain('still has a value');
    expect(prove(padding + file, '      DCR_IAT: "old"\n', '', VALUELESS)).toContain('still has a value');
    expect(prove(padding + file, ' "old"\n      C: d', '', VALUELESS)).toContain('another variable differs');
  });

  test.each([
    ['another value', '"old"', '"wrong"', 'does not have the value'],
    ['a value without quotes', '"old"', 'new', 'does not have the value'],
    ['a reference', '"old"', '"${new}"', 'does not have the value'],
    ['a tag', '"old"', '!foo "new"', 'does not have the value'],
    ['no variable', 'DCR_IAT: "old"', 'DCR: "new"', 'another variable differs'],
    ['a variable more', '"old"', '"new"\n      D: e', 'another variable differs'],
    ['a neighbour', '"old"\n      C: d', '"new"\n      C: e', 'another variable differs'],
    ['a merge', '"old"', '"new"\n      <<: {D: e}', 'another variable differs'],
    [
      'the anchor of the environment',
      '&env\n      A: b\n      DCR_IAT: "old"',
      '\n      A: b\n      DCR_IAT: "new"',
      'anchor',
    ],
    ['the anchor of the service', '&app', '', 'something outside the environment differs'],
    [
      'another key of the service',
      '"old"\n      C: d\n',
      '"new"\n      C: d\n    restart: always\n',
      'outside the environment',
    ],
    ['an open quote', '"old"', '"new', 'not valid YAML'],
    ['an open bracket', '"old"', '"new"\n      E: [', 'not valid YAML'],
    ['another indentation', '"old"\n      C: d', '"new"\n     C: d', 'not valid YAML'],
    ['a key twice', '"old"', '"new"\n      A: x', 'not valid YAML'],
    ['another service', '"old"\n      C: d\n', '"new"\n      C: d\n  more:\n    image: x\n', ''],
    ['the end of the services', 'labels: {a: b}', 'labels: {a: b}\nx-more:\n  b:', ''],
    ['a block that takes the next lines', 'labels: {a: b}\n', 'labels: |\n', ''],
    ['the next service', '  last:\n', '  lost:\n', 'outside the environment'],
    [
      'a service without content',
      file.slice(file.indexOf('app:') + 4, file.indexOf('  last:')),
      '\n',
      'not there any more',
    ],
    ['a document', 'labels: {a: b}\n', 'labels: {a: b}\n---\nx: y\n', ''],
  ])('%s is not', (_name, find, replacement, message) => {
    const said = prove(padding + file, find, replacement);
    expect(said).not.toBe('proven');
    expect(said).toContain(message);
  });
});

test('both ways of parsing again come to the same answer, whatever is written into the service', () => {
  const from = file.indexOf('  app:');
  const to = file.indexOf('  last:');
  const noise = fc.string({
    unit: fc.constantFrom('\n', ' ', '  ', ':', '"', "'", '#', '-', '{', ']', '|', '&', '*', '<', '?', 'a', 'app', ','),
    maxLength: 8,
  });
  const service = (text: string) => locateService(parseTree({ text, file: 'compose.yaml' }), 'app');
  const [small, large] = [service(file), service(PADDING + file)];
  let proven = 0;
  fc.assert(
    fc.property(fc.integer({ min: from, max: to }), fc.integer({ min: 0, max: 3 }), noise, (at, length, text) => {
      const answers = [
        { located: small, shift: 0 },
        { located: large, shift: PADDING.length },
      ].map(({ located, shift }) => {
        const splice = { start: at + shift, end: Math.min(at + length, to) + shift, text };
        try {
          const intended = new Map([['DCR_IAT', 'old']]);
          return proveEdit(located, { splices: [splice], names: [], inherited: null }, intended).text.slice(shift);
        } catch {
          return 'not proven';
        }
      });
      expect(answers[1]).toBe(answers[0]);
      if (answers[0] !== 'not proven') proven++;
    }),
    { numRuns: 1200 },
  );
  expect(proven).toBeGreaterThan(5);
});
