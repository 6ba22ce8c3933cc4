/** @jsxRuntime automatic @jsxImportSource preact */
import type { ComponentChildren } from 'preact';
import type { ComparedRequest } from '../../core/comparison.ts';
import { formatDuration } from '../../core/duration.ts';
import { decidingExchanges } from '../outline.ts';
import { formatNumber } from '../text.ts';
import type { View } from '../view.ts';
import { comparisonInWords } from '../words.ts';
import { linked } from './linked.tsx';
import { marked, Section } from './parts.tsx';

/** What is different from the run before, with links to this run's requests and to that run's page. */
export function ComparisonSection({ run, numbers }: View) {
  if (!run.comparison) return null;
  const { folder, newlyFailing, fixed, slower, added, gone } = run.comparison;
  const exchanges = run.steps.flatMap(decidingExchanges);
  const request = ({ path, index }: ComparedRequest) => {
    const exchange = index === null ? undefined : exchanges[index];
    const words = <bdi>{marked(path, 300)}</bdi>;
    return exchange === undefined ? words : <a href={`#x${numbers.get(exchange)}`}>{words}</a>;
  };
  const lists: readonly (readonly [title: string, items: readonly ComponentChildren[]])[] = [
    [
      'Newly failing',
      newlyFailing.map((each) => [request(each), each.check !== null && [': ', linked(each.check, 200)]]),
    ],
    ['Fixed', fixed.map((each) => [request(each), each.check !== null && [': ', linked(each.check, 200)]])],
    [
      'Slower',
      slower.map((each) => [request(each), `: ${formatDuration(each.beforeMs)} → ${formatDuration(each.nowMs)}`]),
    ],
    ['Added', added.map(request)],
    ['Gone', gone.map(request)],
  ];
  return (
    <Section id="comparison" title="Beside the run before" class="card comparison">
      <p>
        {comparisonInWords(run.comparison)}.{' '}
        <a href={`../${encodeURIComponent(folder)}/index.html`}>The report of that run</a>
      </p>
      {lists.map(
        ([title, items]) =>
          items.length > 0 && (
            <>
              <h3>
                {title} <small>{items.length}</small>
              </h3>
              <ul>
                {items.slice(0, MOST).map((item) => (
                  <li>{item}</li>
                ))}
                {items.length > MOST && <li class="muted">and {formatNumber(items.length - MOST)} more</li>}
              </ul>
            </>
          ),
      )}
    </Section>
  );
}

const MOST = 20;
