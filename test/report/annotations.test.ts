import { describe, expect, test } from 'vitest';
import type { Run } from '../../scripts/core/result.ts';
import { annotationsOf, checksToFind } from '../../scripts/report/annotations.ts';
import { type Ci, ciOf, renderAnnotations, renderCodeQuality } from '../../scripts/report/ci-log.ts';
import { collectionRun, hostileRun, interruptedRun, plannedRun } from './extreme-runs.ts';
import { ADMIN_TOKEN, exchange, failed, sampleMasker, unanswered } from './sample-exchanges.ts';
import { attempt, failedBootstrapRun, failedMintRun, healthyRun, step } from './sample-run.ts';

const masker = sampleMasker();
const of = (run: Run) =>
  annotationsOf(run, masker, ({ id }, check) => (id === 'a' ? { file: '/r/c.json', line: check ? 7 : 3 } : null));

/** A run of a collection with these requests. */
const ran = (...exchanges: ReturnType<typeof exchange>[]): Run => {
  const error = { code: 'assertion-failed', message: 'Requests failed.', hint: null, where: null } as const;
  const steps = [step('collection', { status: 'failed', attempts: [attempt(0, 10, exchanges)] })];
  return healthyRun({ command: 'collection', verdict: 'failed', error, steps, compose: null, diagnosis: null });
};

const GITHUB: Ci = { name: 'github', root: '/r', blobUrl: null };
const AZURE: Ci = { ...GITHUB, name: 'azure' };
const GITLAB: Ci = { name: 'gitlab', root: '/r', blobUrl: 'https://gitlab.test/g/p/-/blob/abc' };

describe('the annotations of a run', () => {
  test('have each failed check once, at its place, and how often it failed', () => {
    const bad = exchange({ id: 'a', assertions: [failed('is 200', 'got 503')] });
    const run = ran(
      { ...bad, iteration: 0 },
      { ...bad, iteration: 1 },
      unanswered({ id: 'a', assertions: [failed('is 200', 'no answer')] }),
    );
    expect(of(run)).toEqual([
      {
        level: 'error',
        title: 'BFF Health / Health: is 200',
        message: 'got 503\nGET http://localhost:8000/health: 200 OK (2 times)',
        place: { file: '/r/c.json', line: 7 },
      },
      expect.objectContaining({ title: 'BFF Health / Health: no answer', place: { file: '/r/c.json', line: 3 } }),
    ]);
    expect([...checksToFind(run)]).toEqual(['is 200']);
  });

  test('of a run that could not go on begin with why, and with the file that was refused', () => {
    const where = { file: '/r/compose.yml', line: 41, column: 3 };
    const hint = { text: 'Write it once.' };
    const [first] = of(
      healthyRun({
        error: { code: 'yaml-syntax', message: 'The key is there twice.', hint, where },
        verdict: 'failed',
        compose: null,
      }),
    );
    expect(first).toEqual({
      level: 'error',
      title: 'Failed: iat (yaml-syntax)',
      message: 'The key is there twice.\nWrite it once.',
      place: { file: '/r/compose.yml', line: 41 },
    });
    expect(of(failedBootstrapRun())[0]?.message).toContain('scope');
    expect(
      of(failedMintRun())
        .map(({ level }) => level)
        .slice(0, 2),
    ).toEqual(['error', 'error']);
  });

  test('of a healthy run name the line that was written', () => {
    expect(of(healthyRun({ warnings: ['Git would commit the token.'] }))).toEqual([
      { level: 'warning', title: 'iat: warning', message: 'Git would commit the token.', place: null },
      {
        level: 'notice',
        title: 'iat changed this file',
        message: 'Changed for the service bff: DCR_IAT, SKIP_DCR_BOOTSTRAP.',
        place: { file: '/srv/CRUDService/docker-compose-authzen4.yml', line: 43 },
      },
    ]);
  });

  test('there are none of what was only planned, or was interrupted', () => {
    expect(of(plannedRun()).filter(({ level }) => level !== 'warning')).toEqual([]);
    expect(of(interruptedRun())).toEqual([]);
  });

  test('hold no secret, and are warnings where the job is to pass', () => {
    const run = ran(exchange({ id: 'a', assertions: [failed(`not ${ADMIN_TOKEN}`, `got ${ADMIN_TOKEN}`)] }));
    const all = annotationsOf(run, masker, () => null, 'warning');
    expect(all.map(({ level }) => level)).toEqual(['warning']);
    expect(JSON.stringify(all)).not.toContain(ADMIN_TOKEN);
  });
});

describe('what the CI reads', () => {
  const at = new Date(1_000);
  const bad = (name: string) => exchange({ id: 'a', assertions: [failed(name, 'no')] });

  test.each([
    [
      'GitHub',
      GITHUB,
      ['::error file=c.json,line=7,title=BFF Health / Health%3A is 200::no%0AGET http://localhost:8000/health: 200 OK'],
    ],
    [
      'Azure',
      AZURE,
      [
        '##vso[task.logissue type=error;sourcepath=c.json;linenumber=7;]BFF Health / Health: is 200%0Ano%0AGET http://localhost:8000/health: 200 OK',
      ],
    ],
    [
      'GitLab',
      GITLAB,
      [
        'section_start:1:bff_iat_annotations[collapsed=true]\r\u001b[0KFiles and lines',
        'BFF Health / Health: is 200',
        '  no',
        '  GET http://localhost:8000/health: 200 OK',
        '  at c.json:7',
        '  https://gitlab.test/g/p/-/blob/abc/c.json#L7',
        'section_end:1:bff_iat_annotations\r\u001b[0K',
      ],
    ],
  ])('%s', (_, ci, lines) => {
    expect(renderAnnotations(of(ran(bad('is 200'))), ci, at)).toEqual(lines);
  });

  test('a file outside of the repository is part of the text', () => {
    const [line] = renderAnnotations(of(ran(bad('is 200'))), { ...GITHUB, root: '/other' }, at);
    expect(line).toMatch(/^::error title=[^:]+::no%0A.*%0Aat \/r\/c\.json:7$/);
  });

  test.each([
    ['D:\\a\\repo', 'D:\\a\\repo\\tests\\c.json', 'file=tests/c.json,'],
    ['/r', '/r/tests/c.json', 'file=tests/c.json,'],
    ['D:\\a\\repo', 'C:\\c.json', 'title='],
  ])('below %s the file %s is %s', (root, file, written) => {
    const [annotation] = of(ran(bad('x')));
    if (annotation === undefined) throw new Error('none');
    const [line] = renderAnnotations([{ ...annotation, place: { file, line: 1 } }], { ...GITHUB, root }, at);
    expect(line?.startsWith(`::error ${written}`)).toBe(true);
  });

  test('the first ten of a level are shown, and the rest is counted', () => {
    const many = of({ ...collectionRun(40, 2), command: 'collection' });
    expect(many.length).toBeGreaterThan(10);
    const lines = renderAnnotations(many, GITHUB, at);
    expect(lines).toHaveLength(11);
    expect(lines.at(-1)).toBe(
      `::notice title=Not shown here::${many.length - 10} more errors: the report has all of them.`,
    );
    expect(renderAnnotations(many, AZURE, at).at(-1)).toMatch(/^##vso\[task\.logissue type=warning;\]\d+ more errors/);
    expect(renderAnnotations([], GITLAB, at)).toEqual([]);
  });

  test.each([GITHUB, AZURE, GITLAB])('no text of others is a command of its own: %o', (ci) => {
    const annotations = of(hostileRun());
    expect(annotations.length).toBeGreaterThan(0);
    for (const line of renderAnnotations(annotations, ci, at)) {
      expect(line).not.toMatch(/\n/);
      const rest = line.replace(
        /^::(?:error|warning|notice)|^##vso\[task\.logissue|^section_(?:start|end):1:bff_iat_annotations/,
        '',
      );
      expect(rest).not.toMatch(/^\s*::\w|##\w*\[|section_(?:start|end):\d/);
    }
  });

  test('GitLab gets what has a place as Code Quality', () => {
    const issues = JSON.parse(
      renderCodeQuality(
        [...of(ran(bad('is 200'), exchange({ assertions: [failed('elsewhere', 'no')] }))), ...of(healthyRun())],
        GITLAB,
      ),
    );
    expect(issues).toEqual([
      {
        description: 'BFF Health / Health: is 200: no GET http://localhost:8000/health: 200 OK',
        check_name: 'bff-iat',
        fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
        severity: 'major',
        location: { path: 'c.json', lines: { begin: 7 } },
      },
    ]);
  });
});

test.each([
  [{ GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: '/r', CI: 'true' }, GITHUB],
  [{ TF_BUILD: 'True', BUILD_SOURCESDIRECTORY: '/r' }, AZURE],
  [
    { GITLAB_CI: 'true', CI_PROJECT_DIR: '/r', CI_PROJECT_URL: 'https://gitlab.test/g/p', CI_COMMIT_SHA: 'abc' },
    GITLAB,
  ],
  [{ GITLAB_CI: 'true' }, { name: 'gitlab', root: null, blobUrl: null }],
  [{ JENKINS_URL: 'https://jenkins.test', CI: 'true' }, null],
  [{ GITHUB_ACTIONS: 'false' }, null],
])('the variables %o say which CI it is', (env, ci) => {
  expect(ciOf(env)).toEqual(ci);
});
