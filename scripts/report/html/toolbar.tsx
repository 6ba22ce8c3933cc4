/** Filter and search; the script takes `hidden` away, so that nobody sees controls that do nothing. */
export function Toolbar({ total }: { readonly total: number }) {
  return (
    <div class="toolbar" hidden data-total={total}>
      <fieldset>
        <legend class="sr-only">Show requests</legend>
        <button type="button" data-filter="all" aria-pressed="true">
          All
        </button>
        <button type="button" data-filter="failed" aria-pressed="false">
          Failed
        </button>
        <button type="button" data-filter="passed" aria-pressed="false">
          Passed
        </button>
      </fieldset>
      <label>
        <span class="sr-only">Search requests by name, method, URL or status</span>
        <input type="search" placeholder="Search requests" autocomplete="off" spellcheck={false} />
      </label>
      <output aria-live="polite" />
    </div>
  );
}
