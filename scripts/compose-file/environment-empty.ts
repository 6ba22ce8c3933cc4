import { isAlias, type Node } from 'yaml';
import type { LocatedService } from './environment-locate.ts';
import { type EnvironmentPlan, NOTHING, type PlannedChange } from './environment-plan.ts';
import { verifyNotShared } from './environment-sharing.ts';
import { collectionOf, type EnvironmentNode, type EnvironmentVariable, variablesOf } from './environment-variables.ts';
import type { Splice } from './splice.ts';
import { afterColon, afterProperties, isBlockScalar, replaceValue } from './yaml-place.ts';
import { renderFlowName } from './yaml-scalar.ts';
import { spanOf } from './yaml-tree.ts';

/** How to leave the service's own variables without a value. Throws the refusals of `emptyEnvironment`. */
export function planEmpty(service: LocatedService, names: readonly string[]): EnvironmentPlan {
  const { environment } = service;
  const node = (environment?.value ?? null) as Node | null;
  if (environment === null || isAlias(node)) return NOTHING;
  const collection = collectionOf(service, node);
  if (collection === null) return NOTHING;
  const variables = variablesOf(service, collection);
  const found = names
    .map((name) => variables.findLast((variable) => variable.name === name))
    .filter((variable): variable is EnvironmentVariable => variable !== undefined && variable.text !== null);
  if (found.length === 0) return NOTHING;
  const values = found.map((variable) => variable.node).filter((each) => each !== null && !isAlias(each)) as Node[];
  verifyNotShared(service, { collection, values, names });
  const emptied = found.map((variable) => emptyVariable(service, collection, variable));
  return {
    splices: emptied.flatMap(({ splices }) => splices),
    changes: emptied.map(({ change }) => change),
    inherited: null,
  };
}

function emptyVariable(
  { tree }: LocatedService,
  collection: EnvironmentNode,
  { name, node, pair }: EnvironmentVariable,
): { readonly splices: Splice[]; readonly change: PlannedChange } {
  const { text } = tree.source;
  const [start, end] = spanOf(node);
  const colon = pair === null ? null : afterColon(text, pair);
  const isBare = colon !== null && !collection.flow && !isBlockScalar(node);
  // An anchor or a tag in front of the value belongs to a null as well, and that has to be written out.
  const splices =
    isBare && afterProperties(text, colon, start) === colon && /^[ \t]*$/.test(text.slice(colon, start))
      ? [{ start: colon, end, text: '' }]
      : replaceValue(text, node, pair !== null ? 'null' : collection.flow ? renderFlowName(name) : name);
  return { splices, change: { name, action: 'emptied', splice: splices[0] as Splice, offset: 0 } };
}
