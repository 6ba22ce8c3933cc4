import { join } from 'node:path';
import { AppError } from '../core/errors.ts';
import type { Leak, Masker } from '../core/masker.ts';
import type { ReportFiles } from '../core/ports.ts';
import type { ReportPaths, Run } from '../core/result.ts';

/** The renderers are slow to load (a component library, an XML builder): start while something else is waited for. */
export function loadRenderers() {
  return Promise.all([
    import('../report/html.tsx'),
    import('../report/junit.ts'),
    import('../report/result.ts'),
    import('../report/folder.ts'),
    import('../report/history.tsx'),
    import('../report/history-entry.ts'),
  ]);
}

/**
 * Writes the reports of a run into a folder of their own, and the page over all runs beside it.
 *
 * @throws AppError `leak` when a file held a secret in any form: that file is removed, and the message says where it was
 */
export async function writeReports(run: Run, masker: Masker, files: ReportFiles, folder: string): Promise<ReportPaths> {
  const [{ renderHtml }, { renderJunit }, { renderResult }, { reportFolderName }, { renderHistory }, { readEntry }] =
    await loadRenderers();
  const own = await files.makeRunFolder(folder, reportFolderName(run.startedAt, run.command));
  const paths = {
    html: join(own, 'index.html'),
    junit: join(own, 'junit.xml'),
    json: join(own, 'result.json'),
  };
  await files.write(paths.html, renderHtml(run, masker));
  await files.write(paths.junit, renderJunit(run, masker));
  await files.write(paths.json, renderResult(run, paths, masker));

  const entries = (await files.runs(folder))
    .map(({ name, result }) => readEntry(name, result))
    .filter((each) => each !== null);
  const history = join(folder, 'index.html');
  await files.write(history, renderHistory(entries));
  await verifyNoLeak([...Object.values(paths), history], masker, files);
  return paths;
}

/** The last guard: what was written is read again and searched for every secret in every form. */
async function verifyNoLeak(paths: readonly string[], masker: Masker, files: ReportFiles): Promise<void> {
  const found: { readonly file: string; readonly leak: Leak }[] = [];
  for (const file of paths) {
    const [leak] = masker.find(await files.read(file));
    if (leak === undefined) continue;
    await files.remove(file);
    found.push({ file, leak });
  }
  const [first] = found;
  if (first === undefined) return;
  throw new AppError(
    'leak',
    `A report held a secret and was removed: ${first.leak.label}, ${first.leak.form}, at ${first.leak.offset} in ${first.file}.`,
    { hint: 'That is a bug in this tool. Report it, with the form and the place; they tell nothing about the value.' },
  );
}
