/**
 * Names of the containers that `docker compose --dry-run up -d SERVICE` would make or make anew, without the service's own.
 * Its lines: ` DRY-RUN MODE -  Container project-redis-1  Recreate`.
 *
 * @param own names of the service's containers
 */
export function parseDryRun(text: string, own: readonly string[]): string[] {
  const found = new Set<string>();
  for (const match of text.matchAll(/Container (\S+)\s+(?:Recreate|Recreated|Creating|Created)\b/g)) {
    const name = match[1] ?? '';
    if (!own.includes(name)) found.add(name);
  }
  return [...found];
}
