import type { Hint } from '../core/errors.ts';
import { AppError } from '../core/errors.ts';
import type { Command, CommandResult } from '../core/ports.ts';

/** A command as a person would type it. */
export function renderCommand(command: Command): string {
  return [command.file, ...command.args]
    .map((part) => (/^[\w@%+=:,./\\~-]+$/.test(part) ? part : `"${part}"`))
    .join(' ');
}

/** Why Docker itself cannot be used. The known ways in which it says so, put into words with a way out. */
export function dockerFailure(result: CommandResult): AppError {
  const text = `${result.stderr}\n${result.stdout}`;
  if (result.startError !== null) {
    return new AppError('docker-missing', 'Docker is not installed, or not on the PATH.', {
      hint: {
        text: 'Install Docker Desktop (Windows, macOS) or Docker Engine (Linux), and open a new terminal. To try the tool without it:',
        command: 'npm run demo',
      },
    });
  }
  if (/permission denied/i.test(text)) {
    return new AppError('docker-unreachable', 'This user may not talk to the Docker daemon.', {
      hint: {
        text: 'On Linux, add the user to the group "docker" and log in again:',
        command: 'sudo usermod -aG docker $USER',
      },
    });
  }
  if (/context .{0,300}(?:not found|does not exist)/i.test(text)) {
    return new AppError('docker-unreachable', 'The Docker context that is selected does not exist.', {
      hint: 'See docker context ls, and choose one with docker context use NAME (or unset DOCKER_CONTEXT).',
    });
  }
  return new AppError('docker-unreachable', 'The Docker daemon does not answer.', {
    hint: {
      text: 'Start Docker Desktop. If DOCKER_HOST is set, check it. On Linux, start the daemon:',
      command: 'sudo systemctl start docker',
    },
  });
}

/** Neither compose is there. */
export function composeMissing(): AppError {
  return new AppError('compose-missing', 'Neither "docker compose" nor "docker-compose" is installed.', {
    hint: 'Docker Desktop has it; on Linux install the package docker-compose-plugin (or docker-compose).',
  });
}

/**
 * Why compose does not accept its files. Only what is safe is taken out of its words, which quote values: names of variables,
 * files and services, line numbers.
 */
export function configFailure(result: CommandResult, command: Command, file: string): AppError {
  const text = result.stderr;
  const look = {
    text: 'To see what compose itself says:',
    command: renderCommand({ ...command, args: [...withoutFormat(command.args), '-q'] }),
  };
  const envFile = /env file (.{1,1000}?) not found|Couldn't find env file: (.+)/i.exec(text);
  if (envFile) {
    return new AppError('compose-invalid', `An env_file of the project is missing: ${envFile[1] ?? envFile[2]}.`, {
      hint: 'Create it (it may be empty), or take it out of the compose file. Compose refuses every command until then.',
      where: { file },
    });
  }
  const required =
    /required variable ([A-Za-z_]\w{0,200}) is missing|Missing mandatory value for .{0,300} interpolating .{0,300}?\$\{([A-Za-z_]\w*):?\?/.exec(
      text,
    );
  if (required) {
    const name = required[1] ?? required[2];
    return new AppError('compose-invalid', `The project needs the variable ${name}, and it is not set.`, {
      hint: `Set ${name} in the shell or in the .env file beside the compose file. Compose refuses every command until then.`,
      where: { file },
    });
  }
  const line = /(?:line|at line) (\d+)/.exec(text)?.[1];
  const path = /\b(services(?:\.[\w-]+)+)/.exec(text)?.[1];
  return new AppError(
    'compose-invalid',
    `Compose does not accept its files${path === undefined ? '' : ` (${path})`}, so nothing was changed.`,
    { hint: look, where: { file, ...(line === undefined ? {} : { line: Number(line) }) } },
  );
}

/** Why `up -d` failed. It leaves the service down in most cases, and the next `up -d` heals that. */
export function upFailure(result: CommandResult, command: Command, service: string): AppError {
  const text = `${result.stderr}\n${result.stdout}`;
  const thenAgain = (text: string): Hint => ({
    text: `${text} When that is fixed, restart it:`.trimStart(),
    command: renderCommand(command),
  });
  const fail = (message: string, hint: string | Hint) => new AppError('restart-failed', message, { hint });
  if (result.timedOut) return fail('docker compose up timed out.', thenAgain('Check the Docker daemon.'));
  const port = /(?:Bind for|listen tcp\d?:?) ([\d.:[\]]{1,64})[^\n]{0,300}(?:already allocated|already in use)/i.exec(
    text,
  )?.[1];
  if (port !== undefined || /port is already allocated|address already in use/i.test(text)) {
    return fail(
      `A port of ${service} is taken${port === undefined ? '' : ` (${port})`}. The old container is gone.`,
      thenAgain('Stop what uses the port.'),
    );
  }
  if (
    /no such image|pull access denied|manifest unknown|unable to get image|repository does not exist|lookup .{0,300}: (?:no such host|server misbehaving)/i.test(
      text,
    )
  ) {
    return fail(
      `An image that ${service} needs is not on this machine and cannot be pulled.`,
      thenAgain('Log in to the registry, pull or build it.'),
    );
  }
  const dependency = /dependency failed to start: container (\S+) (is unhealthy|exited[^\n]*)/i.exec(text);
  if (dependency)
    return fail(`A service that ${service} depends on has failed: ${dependency[1]} ${dependency[2]}.`, thenAgain(''));
  if (/is already in use by container|Conflict\. The container name/i.test(text)) {
    return fail(
      'Another project holds the name of the container (container_name).',
      'The stack was started under another project name: set COMPOSE_PROJECT_NAME to it, and run again.',
    );
  }
  if (/OCI runtime|Cannot start service|failed to create (?:shim|task)/i.test(text)) {
    return new AppError('container-not-started', `Docker could not start the container of ${service}.`, {
      hint: thenAgain('Check its command and mounts.'),
    });
  }
  const last = text
    .split(/[\r\n]+/)
    .map((each) => each.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '').trim())
    .filter(Boolean)
    .at(-1);
  return fail(
    `Compose could not restart ${service} (exit ${result.exitCode}): ${(last ?? 'no message').slice(0, 300)}`,
    thenAgain(''),
  );
}

function withoutFormat(args: readonly string[]): string[] {
  return args.filter((arg) => arg !== '--format' && arg !== 'json');
}
