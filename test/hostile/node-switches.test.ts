import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { type Attack, type Attempted, attacks, CANARY } from '../support/attacks.ts';
import { runHere } from '../support/in-process.ts';

interface Ended extends Attempted {
  readonly exitCode: number | undefined;
  readonly words: string;
}

/** Node.js is told to show what it sends: a run says so, and sends nothing. */
function told(name: string, env: Record<string, string>, words: RegExp): Attack<Ended> {
  return {
    name,
    async attempt() {
      const home = await mkdtemp(join(tmpdir(), 'iat-test-'));
      onTestFinished(() => rm(home, { recursive: true }));
      const all = { ...env, IAT_ADMIN_TOKEN: CANARY.admin };
      const { all: shown, exitCode, run } = await runHere(['--idp-url', 'http://127.0.0.1:9'], { cwd: home, env: all });
      return { shown, exitCode, words: run.error?.message ?? '' };
    },
    happened: ({ words: said }) => expect(said).toMatch(/makes Node\.js/),
    outcome({ exitCode, shown }) {
      expect(exitCode).toBe(2);
      expect(shown).toMatch(words);
      expect(shown).toContain('--force');
    },
  };
}

attacks('Node.js itself would show what is sent', [
  told('requests', { NODE_DEBUG: 'http' }, /NODE_DEBUG=http/),
  told('connections', { NODE_DEBUG: 'net,tls' }, /NODE_DEBUG=net,tls/),
  told('everything', { NODE_DEBUG: '*' }, /NODE_DEBUG=\*/),
  told('streams', { NODE_DEBUG: 'STREAM' }, /NODE_DEBUG=STREAM/),
  told("what Node's own code does", { NODE_DEBUG_NATIVE: 'http2' }, /NODE_DEBUG_NATIVE/),
  told('a debugger', { NODE_OPTIONS: '--inspect=127.0.0.1:0' }, /--inspect makes/),
  told('a debugger that is waited for', { NODE_OPTIONS: '--no-warnings --inspect-brk' }, /--inspect-brk makes/),
  told('a debugger, with the other spelling', { NODE_OPTIONS: '--inspect_wait' }, /--inspect_wait makes/),
  told('a report on a signal', { NODE_OPTIONS: '--report-on-signal' }, /--report-on-signal makes/),
  told('a report at the end', { NODE_OPTIONS: '--report-on-fatalerror' }, /--report-on-fatalerror makes/),
  told('memory on a signal', { NODE_OPTIONS: '--heapsnapshot-signal=SIGUSR2' }, /--heapsnapshot-signal makes/),
  told('memory where it is full', { NODE_OPTIONS: '"--heapsnapshot-near-heap-limit=1"' }, /--heapsnapshot-near/),
  told('a profile of the heap', { NODE_OPTIONS: '--heap-prof' }, /--heap-prof makes/),
  told('the keys of TLS', { NODE_OPTIONS: '--tls-keylog=keys' }, /--tls-keylog makes/),
  told('what TLS sends', { NODE_OPTIONS: '--trace-tls' }, /--trace-tls makes/),
  told('every call with its arguments', { NODE_OPTIONS: '--trace' }, /--trace makes/),
  told('a core dump', { NODE_OPTIONS: '--abort-on-uncaught-exception' }, /--abort-on-uncaught-exception makes/),
]);
