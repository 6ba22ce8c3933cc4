/** @jsxRuntime automatic @jsxImportSource preact */
import { formatDuration } from '../../core/duration.ts';
import { type Exchange, isPassed } from '../../core/exchange.ts';
import type { Attempt, StepRecord } from '../../core/result.ts';
import { formatCount, formatNumber } from '../text.ts';
import type { View } from '../view.ts';
import { CollectionRequests } from './collection-requests.tsx';
import { PackedDetails } from './packed.tsx';
import { Section } from './parts.tsx';
import { Exchanges } from './request-row.tsx';

/** Every request of the run, by step and attempt. */
export function Requests({ view }: { readonly view: View }) {
  const total = view.numbers.size;
  const plain = [...view.details.values()].filter((how) => how === 'plain').length;
  const packed = view.details.size - plain;
  const steps = view.run.steps.filter((step) => step.attempts.length > 0);
  return (
    <Section id="requests" title="Requests" class={total > MANY ? 'requests many' : 'requests'}>
      {total === 0 && <p class="muted">No request was sent.</p>}
      {total > 3 && <Toolbar exchanges={[...view.numbers.keys()]} />}
      {packed > 0 && (
        <p class="muted" data-without-script>
          Without scripts {formatCount(plain, 'request')} can be opened, those that failed first; the others are packed.
        </p>
      )}
      {plain + packed < total && (
        <p class="muted">
          {formatNumber(plain + packed)} of {formatCount(total, 'request')} are shown with headers and bodies, those
          that failed first; the others have one line each, to keep this page quick.
        </p>
      )}
      {view.iterations === null ? (
        steps.map((step) => <StepRequests step={step} view={view} />)
      ) : (
        <CollectionRequests view={view} />
      )}
      <PackedDetails view={view} />
    </Section>
  );
}

function StepRequests({ step, view }: { readonly step: StepRecord; readonly view: View }) {
  const earlier = step.attempts.slice(0, -1);
  const last = step.attempts.at(-1)?.exchanges ?? [];
  const waited = earlier.filter((attempt) => !attempt.passed).length;
  return (
    <div class="group">
      <h3>
        {step.name}{' '}
        <small>
          {earlier.length > 0 && `last of ${formatCount(step.attempts.length, 'attempt')}, `}
          {formatCount(last.length, 'request')}
        </small>
      </h3>
      <Exchanges exchanges={last} view={view} />
      {earlier.length > 0 && (
        <details class="earlier">
          <summary>
            {formatCount(earlier.length, 'earlier attempt')}
            {waited > 0 && (
              <span class="muted">, {waited === earlier.length ? 'none passed' : `${waited} did not pass`}</span>
            )}
          </summary>
          {earlier.map((attempt, index) => earlierAttempt(attempt, index + 1, view))}
        </details>
      )}
    </div>
  );
}

function earlierAttempt({ passed, startMs, exchanges }: Attempt, number: number, view: View) {
  return (
    <div class="attempt-group">
      <h4>
        Attempt {number}{' '}
        <small>
          {passed ? 'passed' : 'did not pass'}, {formatDuration(startMs)} after the start
        </small>
      </h4>
      <Exchanges exchanges={exchanges} view={view} />
    </div>
  );
}

/** From here on rows are laid out only when they come into sight. */
const MANY = 100;

/** Filter and search; the script removes `hidden`, so that without scripts there are no controls that do nothing. */
function Toolbar({ exchanges }: { readonly exchanges: readonly Exchange[] }) {
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
