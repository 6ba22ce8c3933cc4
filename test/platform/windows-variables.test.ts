import { expect, test } from 'vitest';
import { copyEnvironment, variableIn, withVariables } from '../../scripts/platform/windows-variables.ts';

test('a variable of Windows is found however it is spelled', () => {
  expect(variableIn({ Path: 'a' }, 'PATH')).toBe('a');
  expect(variableIn({ iat_service: 'web' }, 'IAT_SERVICE')).toBe('web');
  expect(variableIn({ Path: undefined }, 'PATH')).toBeUndefined();
});

test('a variable of Windows is replaced and taken out however it is spelled', () => {
  const env = { kubeconfig: 'a', Kubectl_External_Diff: 'b', Path: 'c' };
  expect(withVariables(env, { KUBECONFIG: 'mine', KUBECTL_EXTERNAL_DIFF: undefined })).toEqual({
    Path: 'c',
    KUBECONFIG: 'mine',
    KUBECTL_EXTERNAL_DIFF: undefined,
  });
});

test('an environment is read as its system reads it', () => {
  const env = { Path: 'C:\\tools', iat_service: 'web' };
  const windows = copyEnvironment(env, 'win32');
  expect([windows['PATH'], windows['IAT_SERVICE'], windows['IAT_LABEL']]).toEqual(['C:\\tools', 'web', undefined]);
  expect({ ...windows }).toEqual(env);
  expect(copyEnvironment(env, 'darwin')['IAT_SERVICE']).toBeUndefined();
});
