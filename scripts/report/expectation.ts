/** What a check wanted and what it found. */
export interface Expectation {
  readonly expected: string;
  readonly actual: string;
}

/**
 * Expected and actual, read out of the message of a failed check as chai and postman-collection word it; null where the
 * message says it in other words.
 */
export function readExpectation(message: string): Expectation | null {
  const text = message.replace(/^AssertionError:?\s*/, '');
  const found = /(?:^|: )expected ([\s\S]+) but (?:got|found|the value was) ([\s\S]+)$/.exec(text);
  if (found) return { expected: withoutSubject(found[1] ?? ''), actual: found[2] ?? '' };
  const equal = /(?:^|: )expected ([\s\S]+?) to (?:deeply |loosely )?equal ([\s\S]+)$/.exec(text);
  if (equal) return { expected: equal[2] ?? '', actual: equal[1] ?? '' };
  const other =
    /(?:^|: )expected ([\s\S]+?) (to (?:not |have |be |include |contain |match |exist|satisfy )[\s\S]*)$/.exec(text);
  return other ? { expected: other[2] ?? '', actual: other[1] ?? '' } : null;
}

/** "response to have status code 200" → "status code 200" */
function withoutSubject(text: string): string {
  return text.replace(/^response (?:body )?to (?:have |be |equal )?/, '');
}
