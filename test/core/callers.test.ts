import { expect, test } from 'vitest';
import { forCaller } from '../../scripts/core/callers.ts';

test.each([
  ['npm run iat', 'npx bff-iat iat'],
  ['npm run iat:clear -- -f a.yml', 'npx bff-iat clear -f a.yml'],
  ['If npm run doctor is content, go on.', 'If npm run doctor is content, go on.'.replace('npm run', 'npx bff-iat')],
  ['`npm run collection -- FILE --list` shows all.', '`npx bff-iat collection FILE --list` shows all.'],
  ['See it: npm run demo.', 'See it: npx bff-iat demo.'],
  ['npm run health:deep', 'npm run health:deep'],
  ['npm run iatx', 'npm run iatx'],
  ['npm run deploy', 'npm run deploy'],
])('%s, by npx: %s', (text, wanted) => {
  expect(forCaller(text, 'npx')).toBe(wanted);
  expect(forCaller(text, 'npm')).toBe(text);
});
