import { OPTIONS, type OptionSpec } from '../../scripts/cli/options.ts';

/** The options but for Newman's own as the table in scripts/cli/options.md: flags, variable, what it does with its default. */
export function renderOptionsTable(): string {
  const own = Object.values(OPTIONS as Record<string, OptionSpec>).filter(({ isNewmans }) => isNewmans !== true);
  const rows = own.map((spec) => {
    const fallback = spec.fallback === undefined ? '' : ` (default: \`${spec.fallback}\`)`;
    const variable = spec.variable === undefined ? '' : `\`${spec.variable}\``;
    return `\`${spec.flags}\` | ${variable} | ${spec.description}${fallback}`;
  });
  return ['option | variable | what it is', '--- | --- | ---', ...rows].join('\n');
}
