import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { setDotenv } from '../../scripts/compose-file/dotenv.ts';
import { setEnvironment } from '../../scripts/compose-file/environment.ts';
import { bytes, text } from '../compose-file/files.ts';
import { files, type Generated, values } from '../compose-file/generated.ts';
import { type Compose, describeWithEachCompose } from '../support/docker.ts';

/** A fixed seed: the same sample every time, so that a red test is red again. */
const SEED = 20;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'real-compose-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

type Environments = Record<string, Record<string, string | null>>;

/** Each service's environment, as compose resolves it; null: compose rejects the files. */
async function config(
  { command: [file, ...args] }: Compose,
  content: Record<string, string>,
): Promise<Environments | null> {
  const cwd = await mkdtemp(join(directory, 'project-'));
  for (const [path, lines] of Object.entries(content)) await writeFile(join(cwd, path), lines);
  // v1 knows no format; v2's YAML does not hold every character.
  const format = args.length > 0 ? ['--format', 'json'] : [];
  const { stdout, exitCode } = await execa(file, [...args, '-f', 'compose.yaml', '-p', 'sample', 'config', ...format], {
    cwd,
    reject: false,
  });
  if (exitCode !== 0) return null;
  // v1 prints 0123456789 as it is: a text for YAML 1.1, a number for 1.2.
  const { services } = args.length > 0 ? JSON.parse(stdout) : parse(stdout, { schema: 'failsafe' });
  const environments = Object.entries(services).map(([name, service]) => {
    const { environment = {} } = service as { environment?: Record<string, string | null> };
    const undoubled = Object.entries(environment).map(([key, value]) => [key, value?.replaceAll('$$', '$') ?? null]);
    return [name, Object.fromEntries(undoubled)];
  });
  return Object.fromEntries(environments);
}

/** v1 prints the Unicode separators so that no reader gets them back. */
const printable = values.filter((value) => !/[\u2028\u2029]/.test(value));

describeWithEachCompose('compose reads what the editors write', (compose) => {
  test('exactly the one variable of the one service differs, in generated files', async () => {
    const sample = fc.sample(
      files
        .filter(isComplete)
        .chain((file) => fc.tuple(fc.constant(file), fc.constantFrom(...file.services), printable)),
      { numRuns: 7, seed: SEED },
    );
    for (const [file, service, value] of sample) {
      const before = withVersion(file.text);
      const base = (await config(compose, { 'compose.yaml': before })) ?? expect.fail(before);
      const after = text(setEnvironment(bytes(before), service.name, { DCR_IAT: value }).bytes);
      const expected = { ...base, [service.name]: { ...base[service.name], DCR_IAT: value } };
      expect(await config(compose, { 'compose.yaml': after }), after).toEqual(expected);
    }
  });

  test('every value of the .env file', async () => {
    const written = new Map<string, string>();
    for (const [index, value] of [
      ...fc.sample(printable, { numRuns: 200, seed: SEED }),
      'a$b',
      "it's $5",
      'a\\\\b\\',
    ].entries()) {
      try {
        setDotenv(null, { A: value });
        written.set(`V_${index}`, value);
      } catch (error) {
        expect(error).toMatchObject({ code: 'bad-value' });
      }
    }
    const names = [...written.keys()].map((name) => `      ${name}:\n`);
    const read = await config(compose, {
      'compose.yaml': `version: "3"\nservices:\n  app:\n    image: x\n    environment:\n${names.join('')}`,
      '.env': text(setDotenv(bytes('# c\nFIRST="a\nb"\n'), Object.fromEntries(written)).bytes),
    });
    expect(read?.['app']).toEqual(Object.fromEntries(written));
    expect(written.size).toBeGreaterThan(100);
  });
});

/** Compose rejects a service without an image and a build, and an environment without a value. */
function isComplete({ text }: Generated): boolean {
  const { services } = parse(text, { merge: true }) as { services: Record<string, Record<string, unknown>> };
  return Object.values(services).every(
    ({ image, build, environment }) => (image ?? build) !== undefined && environment !== null,
  );
}

/** v1 takes a file without a version for one of its first format. */
function withVersion(file: string): string {
  const lineBreak = file.includes('\r\n') ? '\r\n' : '\n';
  return /^version:/m.test(file) ? file : file.replace(/^services:/m, `version: "3.7"${lineBreak}services:`);
}
