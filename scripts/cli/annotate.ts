import { dirname, join } from 'node:path';
import { AppError } from '../core/errors.ts';
import type { Run } from '../core/result.ts';
import { readCollectionLines } from '../postman/collection-lines.ts';
import { type Annotation, annotationsOf, checksToFind, type FindPlace } from '../report/annotations.ts';
import { ciOf, renderAnnotations, renderCodeQuality, renderSummaryUpload } from '../report/ci-log.ts';
import { renderStepSummary } from '../report/step-summary.ts';
import type { Session } from './session.ts';
import type { Settings } from './settings.ts';

/** What a CI is told about a run. */
export interface ForCi {
  /** Files beside the reports that the CI reads, by name. */
  files(run: Run): Readonly<Record<string, string>>;
  /**
   * Writes the lines that its log reader takes for annotations.
   *
   * @param page the run's report; null: there is none
   * @throws AppError `leak` where one would hold a secret; none is written then
   */
  print(run: Run, page: string | null): void;
}

/** null: this is no CI that knows annotations, or a demonstration, whose faults are on purpose. */
export async function openForCi(
  { outside, masker }: Session,
  run: Run,
  settings: Settings | null,
): Promise<ForCi | null> {
  const ci = ciOf(outside.host.env);
  if (ci === null || settings?.command === 'demo') return null;
  const findPlace = await readPlaces(outside, run, settings);
  const level = settings?.suppressExitCode ? 'warning' : 'error';
  const of = (finished: Run): Annotation[] => annotationsOf(finished, masker, findPlace, level);
  return {
    files(finished): Readonly<Record<string, string>> {
      if (ci.name === 'azure') return { [SUMMARY]: renderStepSummary(finished, masker) };
      return ci.name === 'gitlab' ? { 'code-quality.json': renderCodeQuality(of(finished), ci) } : {};
    },
    print(finished, page) {
      if (outside.ciLog === null) return;
      const lines = [
        ...renderAnnotations(of(finished), ci, outside.clock.date()),
        ...(ci.name === 'azure' && page !== null ? [renderSummaryUpload(join(dirname(page), SUMMARY))] : []),
      ];
      const [leak] = masker.find(lines.join('\n'));
      if (leak !== undefined) {
        throw new AppError('leak', `An annotation held a secret and was not written: ${leak.label}, ${leak.form}.`, {
          hint: 'That is a bug in this tool. Report it, with the form; it reveals nothing about the value.',
        });
      }
      for (const line of lines) outside.ciLog(line);
    },
  };
}

const SUMMARY = 'summary.md';

/** Where in the collection's file the failed requests and checks stand. What cannot be read has no lines. */
async function readPlaces({ files }: Session['outside'], run: Run, settings: Settings | null): Promise<FindPlace> {
  const file = settings?.collection ?? null;
  if (file === null) return () => null;
  const checks = checksToFind(run);
  const bytes = await files.read(file).catch(() => null);
  if (bytes === null) return () => null;
  const lines = readCollectionLines(bytes, file, checks);
  return ({ id }, check) => ({ file, line: lines?.lineOf({ id, check }) ?? null });
}
