/** The name of a run's report folder: sorts by time, and is legal on Windows. `2026-11-23T10-11-12-345Z-iat` */
export function reportFolderName(startedAt: Date, command: string): string {
  const time = startedAt.toISOString().replace(/[:.]/g, '-');
  const name = command
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 32);
  return `${time}-${name || 'run'}`;
}

/** What a report folder's name says, or null for a name that `reportFolderName` did not make. */
export function parseReportFolderName(name: string): { readonly startedAt: Date; readonly command: string } | null {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)-(\d{3})Z-([a-z0-9-]{1,32})$/.exec(name);
  if (!match) return null;
  const [, day, hours, minutes, seconds, millis, command = ''] = match;
  const startedAt = new Date(`${day}T${hours}:${minutes}:${seconds}.${millis}Z`);
  return Number.isNaN(startedAt.getTime()) ? null : { startedAt, command };
}

/** The fragment by which the page over all runs knows the run of a folder, beside another one. Names of folders may be anything. */
export function placeInHistory(folder: string): string {
  return `run-${folder.replace(/[^\w.-]/g, '-')}`;
}
