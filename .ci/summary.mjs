// Reads the output of the test command from stdin and ends with one line, "N passed, N failed", taken from the summary that
// the test runner itself printed last. Its argument is the command's exit code; its own says whether all is well.

let log = '';
for await (const chunk of process.stdin.setEncoding('utf8')) log += chunk;
const { lines, passed } = summarize(log, Number(process.argv[2] ?? 1));
console.log(lines.join('\n'));
process.exitCode = passed ? 0 : 1;

/**
 * @param {string} log what the test command printed
 * @param {number} exitCode what it ended with
 * @returns {{ lines: string[], passed: boolean }} the last lines to print, and whether the run counts as passed
 */
function summarize(log, exitCode) {
  const plain = log.replace(/\u001b\[[\d;]*m/g, '').split(/\r?\n/);
  const at = plain.findLastIndex((line) => /^ +Tests {2}\S/.test(line));
  const summary = at < 0 ? [] : runnerSummary(plain, at);
  const counts = countsOf(plain[at] ?? '');
  // What broke outside of a test (format, types, a file that does not load) is a failure, though the runner counts none.
  const outside = counts.failed === 0 && (exitCode !== 0 || counts.passed === 0);
  const failed = outside ? 1 : counts.failed;
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
  return {
    lines: [
      ...(exitCode === 0 ? [] : summary),
      ...(outside ? [at < 0 ? 'No test ran' : 'Something failed outside of the tests'].map(asOne) : []),
      `${counts.passed} passed, ${failed} failed${skipped}`,
    ],
    passed: exitCode === 0 && failed === 0,
  };
}

function asOne(what) {
  return `${what}; that is counted as one failure.`;
}

/** The block around the line with the counts: on failure npm's own lines come after it, so it is printed again. */
function runnerSummary(lines, at) {
  const end = lines.findIndex((line, index) => index > at && line.trim() === '');
  return lines.slice(Math.max(0, at - 1), end < 0 ? undefined : end);
}

/** `Tests  1 failed | 3 passed | 1 skipped (5)`; a line whose parts do not add up is not believed. */
function countsOf(line) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  let sum = 0;
  for (const [, number, word] of line.matchAll(/(\d+) (failed|passed|expected fail|skipped|todo)/g)) {
    const kind = word === 'todo' ? 'skipped' : word === 'expected fail' ? 'passed' : word;
    counts[kind] += Number(number);
    sum += Number(number);
  }
  const total = Number(/\((\d+)\)\s*$/.exec(line)?.[1] ?? 0);
  return sum === total ? counts : { passed: 0, failed: 0, skipped: 0 };
}
