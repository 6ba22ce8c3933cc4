/** Properties of a command; what is null or '' is left out. */
export type Properties = Readonly<Record<string, string | number | null>>;

/**
 * A workflow command of GitHub Actions, on a line of its own. Escapes as `@actions/core` does (packages/core/src/command.ts), so
 * that no text ends the command or begins another one.
 */
export function githubCommand(name: string, properties: Properties, text: string): string {
  const written = write(properties, ',', (value) => escapeSigns(value, { ...GITHUB, ':': '%3A', ',': '%2C' }));
  return `::${name}${written === '' ? '' : ` ${written}`}::${escapeSigns(text, GITHUB)}`;
}

/** The same for Azure Pipelines, as azure-pipelines-task-lib escapes it (node/taskcommand.ts). */
export function azureCommand(name: string, properties: Properties, text: string): string {
  const written = write(properties, '', (value) => `${escapeSigns(value, { ...AZURE, ']': '%5D', ';': '%3B' })};`);
  return `##vso[${name}${written === '' ? '' : ` ${written}`}]${escapeSigns(text, AZURE)}`;
}

/** What is between the two lines is folded together in the job's log of GitLab. */
export function gitlabSection(name: string, title: string, lines: readonly string[], at: Date): string[] {
  const time = Math.floor(at.getTime() / 1_000);
  const eraseLine = '\r\u001b[0K';
  return [
    `section_start:${time}:${name}[collapsed=true]${eraseLine}${title}`,
    ...lines,
    `section_end:${time}:${name}${eraseLine}`,
  ];
}

const GITHUB: Readonly<Record<string, string>> = { '%': '%25', '\r': '%0D', '\n': '%0A' };
const AZURE: Readonly<Record<string, string>> = { '%': '%AZP25', '\r': '%0D', '\n': '%0A' };

function write(properties: Properties, separator: string, toValue: (value: string) => string): string {
  return Object.entries(properties)
    .filter(([, value]) => value !== null && value !== '')
    .map(([key, value]) => `${key}=${toValue(String(value))}`)
    .join(separator);
}

function escapeSigns(text: string, signs: Readonly<Record<string, string>>): string {
  return text.replace(/[%\r\n:,;\]]/g, (sign) => signs[sign] ?? sign);
}
