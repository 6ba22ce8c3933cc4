import { createHash } from 'node:crypto';
import { posix, win32 } from 'node:path';
import { azureCommand, githubCommand, gitlabSection } from '../core/ci-commands.ts';
import { toPlain } from '../core/visible.ts';
import type { Annotation, Place } from './annotations.ts';
import { formatCount } from './text.ts';

/** A CI that knows annotations, and what it says about the job. Jenkins has none of its own: it reads `junit.xml`. */
export interface Ci {
  readonly name: 'github' | 'azure' | 'gitlab';
  /** The folder of the checked-out repository: files are named from there; null: unknown. */
  readonly root: string | null;
  /** GitLab: where a file of this commit is shown; null elsewhere. */
  readonly blobUrl: string | null;
}

type Env = Readonly<Record<string, string | undefined>>;

/** The CI that this runs in, by the variables that it sets itself; null: another one, or none. */
export function ciOf(env: Env): Ci | null {
  if (env['GITHUB_ACTIONS'] === 'true') return { name: 'github', root: env['GITHUB_WORKSPACE'] || null, blobUrl: null };
  if (env['TF_BUILD']?.toLowerCase() === 'true')
    return { name: 'azure', root: env['BUILD_SOURCESDIRECTORY'] || null, blobUrl: null };
  if (env['GITLAB_CI'] !== 'true') return null;
  const { CI_PROJECT_URL: project, CI_COMMIT_SHA: commit, CI_PROJECT_DIR: root } = env;
  return { name: 'gitlab', root: root || null, blobUrl: project && commit ? `${project}/-/blob/${commit}` : null };
}

/** GitHub and Azure show so many of each level for one step; of the others they say nothing. */
const MOST = 10;

/** The lines that make the log reader of a CI show the annotations: the first ones, and how many more there are. */
export function renderAnnotations(annotations: readonly Annotation[], ci: Ci, at: Date): string[] {
  const levels = (['error', 'warning', 'notice'] as const).map((level) =>
    annotations.filter((each) => each.level === level),
  );
  const shown = levels.flatMap((each) => each.slice(0, MOST));
  const more = levels
    .filter((each) => each.length > MOST)
    .map((each) => `${formatCount(each.length - MOST, `more ${each[0]?.level}`)}: the report has all of them.`);
  if (ci.name === 'github') {
    return [
      ...shown.map((each) => toGithub(each, ci)),
      ...more.map((text) => githubCommand('notice', { title: 'Not shown here' }, text)),
    ];
  }
  if (ci.name === 'azure') {
    return [
      // It knows two levels.
      ...shown.filter(({ level }) => level !== 'notice').map((each) => toAzure(each, ci)),
      ...more.map((text) => azureCommand('task.logissue', { type: 'warning' }, text)),
    ];
  }
  const lines = [...shown.flatMap((each) => toGitlab(each, ci)), ...more].map(toPlain);
  return lines.length === 0 ? [] : gitlabSection(SECTION, 'Files and lines', lines, at);
}

const SECTION = 'bff_iat_annotations';

function toGithub({ level, title, message, place }: Annotation, ci: Ci): string {
  const file = place && pathInRepository(place.file, ci);
  return githubCommand(
    level,
    { file, line: file === null ? null : (place?.line ?? null), title },
    file === null ? withPlace(message, place) : message,
  );
}

function toAzure({ level, title, message, place }: Annotation, ci: Ci): string {
  const file = place && pathInRepository(place.file, ci);
  const text = `${title}\n${file === null ? withPlace(message, place) : message}`;
  const where = { type: level, sourcepath: file, linenumber: file === null ? null : (place?.line ?? null) };
  return azureCommand('task.logissue', where, text);
}

function toGitlab({ title, message, place }: Annotation, ci: Ci): string[] {
  const file = place && pathInRepository(place.file, ci);
  const inside = file === null ? place : { file, line: place?.line ?? null };
  const line = place?.line ? `#L${place.line}` : '';
  const link =
    file === null || ci.blobUrl === null
      ? ''
      : `\n${ci.blobUrl}/${file.split('/').map(encodeURIComponent).join('/')}${line}`;
  return [title, ...`${withPlace(message, inside)}${link}`.split('\n').map((each) => `  ${each}`)];
}

function withPlace(message: string, place: Place | null): string {
  return place === null ? message : `${message}\nat ${place.file}${place.line === null ? '' : `:${place.line}`}`;
}

/** From the repository's root, with slashes; null for a file outside of it. */
function pathInRepository(file: string, { root }: Ci): string | null {
  if (root === null) return null;
  const path = /^[a-z]:[\\/]|^\\\\/i.test(root) ? win32 : posix;
  const relative = path.relative(root, file);
  if (relative === '' || relative.startsWith('..') || path.isAbsolute(relative)) return null;
  return relative.replaceAll(path.sep, '/');
}

/** Has Azure show a Markdown file on the page of the pipeline's run. */
export function renderSummaryUpload(path: string): string {
  return azureCommand('task.uploadsummary', {}, path);
}

/**
 * What failed, as GitLab's Code Quality report (`artifacts: reports: codequality`): a merge request shows it beside the lines.
 * What has no place in the repository is not part of it.
 */
export function renderCodeQuality(annotations: readonly Annotation[], ci: Ci): string {
  const issues = annotations
    .filter(({ level }) => level !== 'notice')
    .flatMap(({ level, title, message, place }) => {
      const path = place && pathInRepository(place.file, ci);
      if (path === null) return [];
      return {
        description: `${title}: ${message}`.replace(/\s+/g, ' '),
        check_name: 'bff-iat',
        // The same from run to run, also where the line moves.
        fingerprint: createHash('sha256')
          .update(JSON.stringify([path, title]))
          .digest('hex'),
        severity: level === 'error' ? 'major' : 'minor',
        location: { path, lines: { begin: place?.line ?? 1 } },
      };
    });
  return `${JSON.stringify(issues, null, 2)}\n`;
}
