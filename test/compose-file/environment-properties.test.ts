import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { setEnvironment, unsetEnvironment } from '../../scripts/compose-file/environment.ts';
import { bytes, text } from './files.ts';
import { files, names, values } from './generated.ts';

type Environment = Record<string, unknown> | string[] | null | undefined;
type Compose = { services: Record<string, { environment?: Environment }> };

const edits = files.chain((file) =>
  fc.record({
    file: fc.constant(file),
    service: fc.constantFrom(...file.services),
    assignments: fc.dictionary(names, values, { minKeys: 1, maxKeys: 3 }).map((chosen) => ({ ...chosen })),
  }),
);

test('exactly the named variables differ', () => {
  fc.assert(
    fc.property(edits, ({ file, service, assignments }) => {
      const after = text(setEnvironment(bytes(file.text), service.name, assignments).bytes);
      const expected = read(file.text);
      const found = read(after);
      const environment = environmentOf(expected, service.name);
      for (const [name, value] of Object.entries(assignments)) {
        expect(String(environmentOf(found, service.name)[name]).replaceAll('$$', '$')).toBe(value);
        delete environmentOf(found, service.name)[name];
        delete environment[name];
      }
      expect(found).toEqual(expected);
    }),
    { numRuns: 400 },
  );
});

test('every other byte is the same', () => {
  fc.assert(
    fc.property(edits, names, values, ({ file, service }, name, value) => {
      const after = text(setEnvironment(bytes(file.text), service.name, { [name]: value }).bytes);
      const [from, to] = difference(file.text, after);
      const written = service.variables.find((variable) => variable.name === name)?.written ?? '~*env';
      // Nothing of the old text is gone but the old value; an alias or a null is in the new text again.
      expect(written.replaceAll(/\n_|\s/g, '')).toContain(file.text.slice(from, to).replaceAll(/\s/g, ''));
    }),
    { numRuns: 400 },
  );
});

test('setting again changes nothing, and taking out what was not there gives the same bytes', () => {
  fc.assert(
    fc.property(edits, ({ file, service, assignments }) => {
      const { bytes: after } = setEnvironment(bytes(file.text), service.name, assignments);
      expect(setEnvironment(after, service.name, assignments)).toEqual({ bytes: after, changes: [] });
      const isNew = service.variables.every(({ name }) => !Object.hasOwn(assignments, name));
      if (isNew) expect(text(unsetEnvironment(after, service.name, Object.keys(assignments)).bytes)).toBe(file.text);
    }),
    { numRuns: 400 },
  );
});

test('taking out removes exactly the named variables', () => {
  fc.assert(
    fc.property(edits, ({ file, service }) => {
      const [first, ...others] = service.variables;
      fc.pre(first !== undefined);
      const after = text(unsetEnvironment(bytes(file.text), service.name, [first?.name ?? '']).bytes);
      const expected = read(file.text);
      const environment = environmentOf(expected, service.name);
      delete environment[first?.name ?? ''];
      const found = read(after);
      expect(environmentOf(found, service.name)).toEqual(environment);
      if (others.length > 0) expect(found).toEqual(expected);
    }),
    { numRuns: 400 },
  );
});

test('a large file, of which only the service is parsed again, is edited like a small one', () => {
  const padding = `# ${'x'.repeat(70_000)}\n`;
  fc.assert(
    fc.property(edits, ({ file, service, assignments }) => {
      fc.pre(!/^(?:\ufeff|---)/.test(file.text));
      const small = text(setEnvironment(bytes(file.text), service.name, assignments).bytes);
      const large = text(setEnvironment(bytes(padding + file.text), service.name, assignments).bytes);
      expect(large.slice(padding.length)).toBe(small);
    }),
    { numRuns: 200 },
  );
});

/** The file as compose would see it: merges done, environments as maps. */
function read(content: string): Compose {
  const compose = parse(content, { merge: true, maxAliasCount: -1 }) as Compose;
  for (const service of Object.values(compose.services)) service.environment = toMap(service.environment);
  return structuredClone(compose);
}

function environmentOf(compose: Compose, service: string): Record<string, unknown> {
  return (compose.services[service]?.environment ?? {}) as Record<string, unknown>;
}

function toMap(environment: Environment): Record<string, unknown> {
  if (!Array.isArray(environment)) return { ...environment };
  return Object.fromEntries(
    environment.map((item) => {
      const at = item.indexOf('=');
      return at < 0 ? [item, null] : [item.slice(0, at), item.slice(at + 1)];
    }),
  );
}

/** The piece of the first text that is not the second's, between what both begin and end with. */
function difference(before: string, after: string): [number, number] {
  let from = 0;
  while (from < before.length && before[from] === after[from]) from++;
  let end = 0;
  while (end < before.length - from && end < after.length - from && before.at(-1 - end) === after.at(-1 - end)) end++;
  return [from, before.length - end];
}
