/** @jsxRuntime automatic @jsxImportSource preact */
import { type Diagnosis, isGood } from '../../core/diagnosis.ts';
import { cut, toLine } from '../text.ts';
import { HintProse, Prose, StatusMark, Text } from './parts.tsx';

/** Why the BFF does not start, or that it did, with the log lines that show it. */
export function DiagnosisSection({ diagnosis }: { readonly diagnosis: Diagnosis }) {
  const isFine = isGood(diagnosis);
  return (
    <section aria-labelledby="diagnosis">
      <h2 id="diagnosis">Diagnosis</h2>
      <div class="card diagnosis">
        <p class="cause">
          <StatusMark status={isFine ? 'passed' : 'failed'} word={isFine ? 'Good' : 'Fault'} />{' '}
          <Prose text={diagnosis.cause} /> <code>{diagnosis.code}</code>
        </p>
        <dl class="facts">
          {!isFine && diagnosis.fix.text !== '' && (
            <div>
              <dt>Fix</dt>
              <dd>
                <HintProse hint={diagnosis.fix} />
              </dd>
            </div>
          )}
          {!isFine && (
            <div>
              <dt>Would a fresh token help?</dt>
              <dd>
                {diagnosis.iatHelps === null && 'That is not known.'}
                {diagnosis.iatHelps === true && 'Yes, a fresh Initial Access Token helps.'}
                {diagnosis.iatHelps === false && 'No, a fresh Initial Access Token does not help.'}
              </dd>
            </div>
          )}
          {diagnosis.evidence.length > 0 && (
            <div>
              <dt>Evidence</dt>
              <dd>
                <ul class="evidence">
                  {diagnosis.evidence.slice(-20).map((line) => (
                    <li>
                      <code>
                        <Text text={cut(toLine(line), 2000)} />
                      </code>
                    </li>
                  ))}
                </ul>
              </dd>
            </div>
          )}
        </dl>
      </div>
    </section>
  );
}
