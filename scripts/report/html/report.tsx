/** @jsxRuntime automatic @jsxImportSource preact */
import type { View } from '../view.ts';
import { Changes } from './changes.tsx';
import { Contents } from './contents.tsx';
import { DiagnosisSection } from './diagnosis-card.tsx';
import { Facts } from './facts.tsx';
import { Failures } from './failures.tsx';
import { Hero } from './hero.tsx';
import { Log } from './log-excerpt.tsx';
import { Notices } from './notices.tsx';
import { Requests } from './requests.tsx';
import { Timeline } from './timeline.tsx';

/** The report of one run, in the order in which a reader asks: did it work, what now, where did the time go, why. */
export function Report({ view }: { readonly view: View }) {
  const { run } = view;
  const isPlan = run.verdict === 'planned';
  const changes = run.compose && <Changes compose={run.compose} isPlan={isPlan} />;
  return (
    <main>
      <Hero {...view} />
      <Contents view={view} />
      <Notices run={run} />
      <Failures view={view} />
      {run.diagnosis && run.verdict !== 'healthy' && <DiagnosisSection diagnosis={run.diagnosis} />}
      {isPlan && changes}
      <Timeline run={run} />
      {run.diagnosis && run.verdict === 'healthy' && <DiagnosisSection diagnosis={run.diagnosis} />}
      <Log lines={run.log} />
      {!isPlan && changes}
      <Requests view={view} />
      <Facts run={run} />
      <footer>
        <p>
          Beside this page: <a href="junit.xml">junit.xml</a>, <a href="result.json">result.json</a>,{' '}
          <a href="../index.html">all runs</a>.
        </p>
        <p>
          <i class="mask">‹…›</i> is shown in the place of a secret.
        </p>
      </footer>
    </main>
  );
}
