import { expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { setEnvironment } from '../../scripts/compose-file/environment.ts';
import { bytes } from './files.ts';

/** CPU time of this process in milliseconds: what else the machine does is not in it. */
function cost(act: () => unknown): number {
  const before = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

/** About 1,000 bytes for each service. */
function fileOf(services: number): string {
  const variables = Array.from(
    { length: 18 },
    (_, index) => `      VARIABLE_${index}: value-${index}-of-this-service\n`,
  );
  const block = (index: number) =>
    `  service-${index}:\n    image: example/app:${index}\n    ports:\n      - "80:80"\n    environment:\n      URL: "http://service-${index}:8000/health"\n${variables.join('')}    depends_on: [redis, kafka]\n    # the next one\n\n`;
  return `services:\n${Array.from({ length: services }, (_, index) => block(index)).join('')}`;
}

test('1 MB is edited in less time than yaml needs to parse and print it, and half of it in half the time', () => {
  const [half, whole] = [fileOf(500), fileOf(1_000)];
  expect(whole.length).toBeGreaterThan(900_000);
  const edit = (file: string, service: string) => {
    const source = bytes(file);
    return cost(() => expect(setEnvironment(source, service, { DCR_IAT: 'x' }).changes).toHaveLength(1));
  };
  // Both are compiled by then: the first time costs several times as much.
  const few = fileOf(200);
  edit(few, 'service-100');
  parseDocument(few).toString();
  const rounds = [1, 2, 3, 4, 5].map(() => ({
    half: edit(half, 'service-250'),
    whole: edit(whole, 'service-500'),
    yaml: cost(() => parseDocument(whole).toString()),
  }));
  const times = { half: median(rounds.map((round) => round.half)), whole: median(rounds.map((round) => round.whole)) };
  const yaml = median(rounds.map((round) => round.yaml));
  expect(times.whole / yaml).toBeLessThan(0.9);
  expect(times.whole / times.half).toBeLessThan(2.8);
});
