import type { NewmanSummary, VariableScope } from './newman-types.ts';

/** What Newman tells of the scopes after a script. */
interface Execution {
  /** `pm.variables`. */
  readonly _variables?: VariableScope;
  readonly collectionVariables?: VariableScope;
  readonly environment?: VariableScope;
  readonly globals?: VariableScope;
}

/** The variables that the scripts of a run set or changed, in whatever scope. */
export class ScriptVariables {
  #before: readonly Values[] = [];
  /** The collection in Newman's summary keeps what it had (postman-runtime, waterfall.command.js). */
  #last: Execution = {};

  /** @param summary before the first script runs */
  begin(summary: NewmanSummary): void {
    this.#before = [summary.globals, summary.collection?.variables, summary.environment].map(valuesOf);
  }

  /** @returns name and value of all that the script could read, or has set */
  ran(execution: Execution): (readonly [name: string, value: unknown])[] {
    this.#last = execution;
    const { globals, collectionVariables, environment, _variables } = execution;
    return [globals, collectionVariables, environment, _variables].flatMap((scope) => Object.entries(valuesOf(scope)));
  }

  /** Texts by name; of a name in several scopes the one that Postman finds first. */
  changed({ globals, environment }: NewmanSummary): Record<string, string> {
    const { collectionVariables, _variables } = this.#last;
    const scopes = [globals, collectionVariables, environment, _variables].map((scope, index) =>
      Object.entries(valuesOf(scope)).filter(
        ([name, value]) => typeof value === 'string' && this.#before[index]?.[name] !== value,
      ),
    );
    return Object.fromEntries(scopes.flat()) as Record<string, string>;
  }
}

type Values = Readonly<Record<string, unknown>>;

function valuesOf(scope: VariableScope | undefined): Values {
  return { ...scope?.toObject?.() };
}
