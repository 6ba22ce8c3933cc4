import { expect, test } from 'vitest';
import { dockerFailure } from '../../scripts/compose/daemon-failures.ts';
import { upFailure } from '../../scripts/compose/failures.ts';
import { hintText } from '../../scripts/core/errors.ts';

const said = (stderr: string, more = {}) => ({
  exitCode: 1,
  stdout: '',
  stderr,
  startError: null,
  timedOut: false,
  ...more,
});

test.for([
  [
    'Error response from daemon: client version 1.41 is too old. Minimum supported API version is 1.44, please upgrade your client to a newer version',
    /^Docker answers, but .* too old for it \(it speaks API 1\.41, the daemon wants 1\.44\)\.$/,
    /Update the Docker CLI/,
  ],
  [
    'Error response from daemon: client version 1.45 is too new. Maximum supported API version is 1.41',
    /older/,
    /Update/,
  ],
  [
    'Error response from daemon: Docker Desktop is manually paused. Unpause it through the Whale menu',
    /paused\.$/,
    /Resume/,
  ],
  [
    "The command 'docker' could not be found in this WSL 2 distro.\nWe recommend to activate the WSL integration in Docker Desktop settings.",
    /WSL/,
    /integration/,
  ],
  [
    'error during connect: Get "https://10.0.0.5:2376/v1.24/version": x509: certificate signed by unknown authority',
    /TLS/,
    /DOCKER_CERT_PATH/,
  ],
  [
    'error during connect: Get "http://docker.example.com/v1.24/version": command [ssh -l me -- host docker system dial-stdio] has exited with exit status 255, please make sure the URL is valid: stderr=me@host: Permission denied (publickey).',
    /ssh cannot get there/,
    /DOCKER_HOST/,
  ],
  [
    'error during connect: Get "http://%2F%2F.%2Fpipe%2Fdocker_engine/v1.24/version": open //./pipe/docker_engine: The system cannot find the file specified.',
    /^The Docker daemon does not answer\.$/,
    /^Start Docker Desktop, and wait(?!.*sudo)/,
  ],
  [
    'permission denied while trying to connect to the Docker API at npipe:////./pipe/dockerDesktopLinuxEngine: open //./pipe/dockerDesktopLinuxEngine: Access is denied.',
    /may not talk/,
    /docker-users(?!.*usermod)/,
  ],
  [
    'Cannot connect to the Docker daemon at unix:///Users/me/.docker/run/docker.sock. Is the docker daemon running?',
    /^The Docker daemon does not answer\.$/,
    /^Start Docker Desktop, and wait(?!.*sudo)/,
  ],
  ['Got permission denied while trying to connect to the Docker daemon socket', /may not talk/, /usermod/],
  [
    'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
    /^The Docker daemon does not answer\.$/,
    /Start Docker Desktop/,
  ],
  [
    'Error response from daemon: something that nobody has seen before',
    /^Docker could not do what it was asked: Error response from daemon: something that nobody/,
    /docker version/,
  ],
] as const)('%s', ([words, message, hint]) => {
  const error = dockerFailure(said(words));
  expect(error.code).toBe('docker-unreachable');
  expect(error.message).toMatch(message);
  expect(error.hint && hintText(error.hint)).toMatch(hint);
});

test('a hint has one command, and nothing behind it', () => {
  expect(dockerFailure(said('Cannot connect to the Docker daemon at unix:///var/run/docker.sock.')).hint).toEqual({
    text: expect.stringMatching(/DOCKER_HOST.*:$/),
    command: 'sudo systemctl start docker',
  });
});

test('a daemon that says nothing does not answer', () => {
  expect(dockerFailure(said('', { exitCode: null, timedOut: true })).message).toBe(
    'The Docker daemon does not answer.',
  );
});

const UP = 'docker compose up -d bff';

test.for([
  [
    'Bind for 127.0.0.1:28000: failed: port is already allocated',
    'A port of bff is taken (127.0.0.1:28000), so it could not be started.',
  ],
  [
    'Bind for 0.0.0.0:8000 failed: port is already allocated',
    'A port of bff is taken (0.0.0.0:8000), so it could not be started.',
  ],
  [
    'Ports are not available: exposing port TCP 0.0.0.0:8000 -> 0.0.0.0:0: listen tcp 0.0.0.0:8000: bind: Only one usage of each socket address (protocol/network address/port) is normally permitted.',
    'A port of bff is taken (0.0.0.0:8000), so it could not be started.',
  ],
  [
    'driver failed programming external connectivity on endpoint p-bff-1 (0123): Error starting userland proxy: listen tcp4 0.0.0.0:8000: bind: address already in use',
    'A port of bff is taken (0.0.0.0:8000), so it could not be started.',
  ],
  [
    'Bind for :::8000 failed: port is already allocated',
    'A port of bff is taken (:::8000), so it could not be started.',
  ],
  [
    'rootlessport listen tcp 0.0.0.0:8000: bind: address already in use',
    'A port of bff is taken (0.0.0.0:8000), so it could not be started.',
  ],
  [
    'Ports are not available: listen tcp 0.0.0.0:8000: bind: An attempt was made to access a socket in a way forbidden by its access permissions.',
    'A port of bff is taken (0.0.0.0:8000), so it could not be started.',
  ],
  [
    'Conflict. The container name "/my-bff" is already in use by container "0123". You have to remove (or rename) that container',
    'Another container holds the name my-bff (container_name).',
  ],
] as const)('up: %s', ([words, message]) => {
  expect(upFailure(said(`Error response from daemon: ${words}`), UP, 'bff').message).toBe(message);
});
