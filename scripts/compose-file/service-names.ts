import { parse } from 'yaml';
import { isRecord } from '../core/json.ts';

/**
 * The names of the services in a compose file, in its order.
 *
 * @throws what `yaml` throws for a text that is no YAML
 */
export function serviceNamesIn(text: string): string[] {
  const document: unknown = parse(text, { logLevel: 'silent' });
  return isRecord(document) && isRecord(document['services']) ? Object.keys(document['services']) : [];
}
