import { AppError, type Hint } from '../core/errors.ts';
import type { CommandResult } from '../core/ports.ts';
import { DOCKER, PODMAN } from './invocation.ts';

/**
 * Why the engine itself cannot be used: a known cause in words with its way out, else the program's own.
 *
 * @param program `docker` or `podman`
 */
export function dockerFailure(result: CommandResult, program: string = DOCKER): AppError {
  if (program === PODMAN) return podmanFailure(result);
  if (result.startError !== null) {
    return new AppError('docker-missing', 'Docker is not installed, or not on the PATH.', {
      hint: {
        text: 'Install Docker Desktop (Windows, macOS), Docker Engine (Linux) or Podman, and open a new terminal. To try the tool without it:',
        command: 'npm run demo',
      },
    });
  }
  const known = daemonFailure(result);
  if (known !== null) return known;
  if (result.timedOut) return new AppError('docker-unreachable', NO_ANSWER, { hint: START });
  return new AppError('docker-unreachable', `Docker could not do what it was asked: ${lastWords(result)}`, {
    hint: { text: 'Correct what it says. To see whether it works by hand:', command: 'docker version' },
  });
}

function podmanFailure(result: CommandResult): AppError {
  if (result.startError !== null) {
    return new AppError('docker-missing', 'Podman is not installed, or not on the PATH.', {
      hint: 'Install it and open a new terminal, or leave out --engine podman.',
    });
  }
  const known = daemonFailure(result);
  if (known !== null) return known;
  const message = result.timedOut
    ? 'Podman does not answer.'
    : `Podman could not do what it was asked: ${lastWords(result)}`;
  return new AppError('docker-unreachable', message, {
    hint: { text: 'Correct what it says. To see whether it works by hand:', command: 'podman info' },
  });
}

/** Why docker or compose could not talk to the daemon, by words that are known; null: by none of them. */
export function daemonFailure({ stdout, stderr }: CommandResult): AppError | null {
  const text = `${stderr}\n${stdout}`;
  const cause = CAUSES.find(({ words }) => words.test(text));
  if (cause === undefined) return null;
  const versions =
    /client version (\S+) is too (?:old|new)\. (?:Minimum|Maximum) supported API version is ([\d.]+)/i.exec(text);
  const also = versions === null ? '' : ` (it speaks API ${versions[1]}, the daemon wants ${versions[2]})`;
  const named = text.match(cause.words)?.groups?.['name'];
  const name = named === undefined ? '' : ` (${named})`;
  const message = `${cause.message}${also}`.replace(/\.?$/, `${name}.`);
  return new AppError('docker-unreachable', message, { hint: cause.hint });
}

/** The last line that a program said, without colour, at most 300 characters. */
export function lastWords({ stdout, stderr }: CommandResult): string {
  const lines = `${stdout}\n${stderr}`
    .split(/[\r\n]+/)
    .map((each) => each.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '').trim());
  return (lines.filter(Boolean).at(-1) ?? 'no message').slice(0, 300);
}

const NO_ANSWER = 'The Docker daemon does not answer.';
const START: Hint = {
  text: 'Start Docker Desktop. If DOCKER_HOST is set, check it. On Linux, start the daemon:',
  command: 'sudo systemctl start docker',
};

/** The first that fits counts. */
const CAUSES: readonly { readonly words: RegExp; readonly message: string; readonly hint: string | Hint }[] = [
  {
    words: /client version \S+ is too old|Minimum supported API version/i,
    message: 'Docker answers, but its command line or its compose is too old for it',
    hint: 'Update the Docker CLI and the compose plugin (docker-compose-plugin). For old ones, set DOCKER_API_VERSION to a version that the daemon knows.',
  },
  {
    words: /client version \S+ is too new|Maximum supported API version/i,
    message: 'Docker answers, but it is older than its command line',
    hint: 'Update Docker Engine, or set DOCKER_API_VERSION to the version that the daemon names.',
  },
  {
    words: /manually paused|Docker Desktop is paused/i,
    message: 'Docker Desktop is paused',
    hint: 'Resume it from its menu (the whale), and run again.',
  },
  {
    words: /could not be found in this WSL|WSL integration/i,
    message: 'Docker is not available in this WSL distribution',
    hint: 'Switch the WSL integration on for it: Docker Desktop, Settings, Resources, WSL integration.',
  },
  {
    words:
      /command \[ssh .{0,300}? -- (?<name>[^\s\]]{1,200}) docker|publickey|Host key verification failed|ssh: .{0,300}(?:refused|timed out|resolve)|command \[ssh/i,
    message: 'The engine is on another machine, and ssh cannot get there',
    hint: 'Check that ssh to that machine works without a question. To use the engine of this machine, unset DOCKER_HOST, or choose its context: docker context use default.',
  },
  {
    words: /x509:|tls: |certificate|HTTP response to HTTPS client|HTTP request to an HTTPS server/i,
    message: 'Docker answers, but the TLS connection to it fails',
    hint: 'Check DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH: the certificates have to be those of that daemon.',
  },
  {
    words: /permission denied.{0,300}unix:\/\/(?<name>\/\S{0,200}podman\S{0,100}\.sock)/i,
    message: 'This user may not use that socket of Podman',
    hint: "Set DOCKER_HOST to this user's own, unix:///run/user/UID/podman/podman.sock, or run as the user whose containers they are.",
  },
  {
    words: /(?:\/\.\/pipe\/|\\\.\\pipe\\)[^\n]{0,300}(?:permission denied|Access is denied)/i,
    message: 'This user may not talk to the Docker daemon.',
    hint: 'In Windows, add the user to the group "docker-users", sign out and in again, and start Docker Desktop.',
  },
  {
    // The pipe of Windows, and where Docker Desktop has its socket on macOS.
    words: /\/\.\/pipe\/|\\\.\\pipe\\|\/Users\/[^\n]{1,200}docker\.sock/i,
    message: NO_ANSWER,
    hint: 'Start Docker Desktop, and wait until it says that it is running. If DOCKER_HOST is set, check it.',
  },
  {
    words: /permission denied|Access is denied/i,
    message: 'This user may not talk to the Docker daemon.',
    hint: {
      text: 'On Linux, add the user to the group "docker" and log in again:',
      command: 'sudo usermod -aG docker $USER',
    },
  },
  {
    words: /context "?(?<name>[\w.+-]{1,200})"?.{0,300}(?:not found|does not exist)/i,
    message: 'The Docker context that is selected does not exist.',
    hint: 'See docker context ls, and choose one with docker context use NAME (or unset DOCKER_CONTEXT).',
  },
  {
    words: /unix:\/\/(?<name>\/\S{0,200}podman\S{0,100}\.sock)/i,
    message: 'Nothing answers on the socket of Podman',
    hint: {
      text: 'Docker and its compose talk to Podman by it. Start it (as root without --user):',
      command: 'systemctl --user enable --now podman.socket',
    },
  },
  {
    words:
      /Cannot connect to Podman|unable to connect to Podman|podman machine (?:init|start)|podman-machine-default.{0,100}not running/i,
    message: 'Podman does not answer.',
    hint: {
      text: 'Start its virtual machine (Windows, macOS), or check CONTAINER_HOST and CONTAINER_CONNECTION:',
      command: 'podman machine start',
    },
  },
  {
    words:
      /(?:Docker daemon at tcp:\/\/|Get "https?:\/\/(?=.{0,400}dial tcp))(?<name>(?:\[[\da-f:]{2,40}\]|[\w.-]{1,200}):\d{1,5})/i,
    message: 'No Docker daemon answers where DOCKER_HOST or the Docker context says that it is',
    hint: 'Start it there, and check the address and what is in between. To use the engine of this machine, unset DOCKER_HOST, or choose its context: docker context use default.',
  },
  {
    words:
      /Cannot connect to the Docker daemon|Is the docker daemon running|error during connect|connection refused|no such host|i\/o timeout|docker daemon is not running|Couldn't connect to Docker daemon|cannot find the file specified/i,
    message: NO_ANSWER,
    hint: START,
  },
];
