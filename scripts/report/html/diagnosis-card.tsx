/** @jsxRuntime automatic @jsxImportSource preact */
import { type Diagnosis, isGood } from '../../core/diagnosis.ts';
import { toLine } from '../text.ts';
import { Entry, hintWords, marked, Section, StatusMark, sentence } from './parts.tsx';

/** Why the BFF does not start, or that it did, with the log lines that show it. */
export function DiagnosisSection({ diagnosis }: { readonly diagnosis: Diagnosis }) {
  const isFine = isGood(diagnosis);
  return (
    <Section id="diagnosis" title="Diagnosis">
      <div class="card diagnosis">
        <p class="cause">
          <StatusMark status={isFine ? 'passed' : 'failed'} word={isFine ? 'Good' : 'Fault'} />{' '}
          {sentence(diagnosis.cause)} <code>{diagnosis.code}</code>
        </p>
        <dl class="facts">
          {!isFine && diagnosis.fix.text !== '' && <Entry term="Fix">{hintWords(diagnosis.fix)}</Entry>}
          {!isFine && <Entry term="Would a fresh token help?">{sayWhetherItHelps(diagnosis)}</Entry>}
          {diagnosis.evidence.length > 0 && (
            <Entry term="Evidence">
              <ul class="evidence">
                {diagnosis.evidence.slice(-20).map((line) => (
                  <li>
                    <code>{marked(toLine(line), 2000)}</code>
                  </li>
                ))}
              </ul>
            </Entry>
          )}
        </dl>
      </div>
    </Section>
  );
}

function sayWhetherItHelps({ iatHelps }: Diagnosis): string {
  if (iatHelps === null) return 'That is not known.';
  return iatHelps ? 'Yes, a fresh Initial Access Token helps.' : 'No, a fresh Initial Access Token does not help.';
}
