import type { Login } from '../core/ports.ts';

/** Decides, request by request, whether a run with a login goes on. */
export class LoginWatch {
  readonly #login: Login;
  readonly #turns = new Map<string, number>();
  /** The requests whose last turn failed. */
  readonly #failed = new Set<string>();
  #current = '';

  constructor(login: Login) {
    this.#login = login;
  }

  /**
   * A request is about to begin.
   *
   * @returns why it must not: a login failed or all is done (`end`), or it was repeated too often; null: nothing is wrong
   */
  begin(id: string): 'end' | 'too-often' | null {
    const { before, turns } = this.#login;
    if (this.#current === before || (id === before && this.#failed.size > 0)) return 'end';
    const turn = (this.#turns.get(id) ?? 0) + 1;
    this.#turns.set(id, turn);
    this.#failed.delete(id);
    this.#current = id;
    return turn > turns ? 'too-often' : null;
  }

  /** The request that runs has failed in this turn. */
  fail(): void {
    this.#failed.add(this.#current);
  }

  /** Where a request may go; null: where the run may. */
  originsOf(id: string): readonly string[] | null {
    return this.#login.origins[id] ?? null;
  }
}
