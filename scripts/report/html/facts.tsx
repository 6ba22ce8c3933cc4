/** @jsxRuntime automatic @jsxImportSource preact */
import type { Run, TokenFacts } from '../../core/result.ts';
import { cut, formatCount } from '../text.ts';
import { Text, Time } from './parts.tsx';

/** Where it ran and with what; of the token only what may be shown. */
export function Facts({ run }: { readonly run: Run }) {
  return (
    <section aria-labelledby="facts">
      <h2 id="facts">Environment</h2>
      <dl class="facts">
        {run.token && <Token token={run.token} />}
        {run.facts.map(([name, value]) => (
          <div>
            <dt>{cut(name, 100)}</dt>
            <dd>
              <Text text={cut(value, 1000)} />
            </dd>
          </div>
        ))}
        <div>
          <dt>Written by</dt>
          <dd>bff-iat {run.version}</dd>
        </div>
      </dl>
    </section>
  );
}

function Token({ token }: { readonly token: TokenFacts }) {
  return (
    <div>
      <dt>Initial Access Token</dt>
      <dd>
        <code>{token.handle}</code>
        <br />
        {token.expiresAt ? (
          <>
            expires <Time at={token.expiresAt} />
          </>
        ) : (
          'the IdP did not say when it expires'
        )}
        {token.maxUsages !== null && <>, good for {formatCount(token.maxUsages, 'use')}</>}
      </dd>
    </div>
  );
}
