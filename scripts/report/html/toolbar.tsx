/** @jsxRuntime automatic @jsxImportSource preact */
import { type Exchange, isPassed } from '../../core/exchange.ts';
import { formatNumber } from '../text.ts';

/** Filter and search; the script takes `hidden` away, so that nobody sees controls that do nothing. */
export function Toolbar({ exchanges }: { readonly exchanges: readonly Exchange[] }) {
  const total = exchanges.length;
  const passed = exchanges.filter(isPassed).length;
  return (
    <div class="toolbar" hidden data-total={total}>
      <fieldset>
        <legend class="sr-only">Show requests</legend>
        <Filter name="all" word="All" count={total} />
        <Filter name="failed" word="Failed" count={total - passed} />
        <Filter name="passed" word="Passed" count={passed} />
      </fieldset>
      <label>
        <span class="sr-only">Search requests by name, method, URL or status</span>
        <input type="search" placeholder="Search requests" autocomplete="off" spellcheck={false} />
      </label>
      <output aria-live="polite" />
    </div>
  );
}

function Filter({ name, word, count }: { readonly name: string; readonly word: string; readonly count: number }) {
  return (
    <button type="button" data-filter={name} aria-pressed={name === 'all' ? 'true' : 'false'}>
      {word} <small>{formatNumber(count)}</small>
    </button>
  );
}
