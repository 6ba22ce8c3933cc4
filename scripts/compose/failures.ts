import type { Hint } from '../core/errors.ts';
import { AppError } from '../core/errors.ts';
import type { CommandResult } from '../core/ports.ts';
import { lastWords } from './daemon-failures.ts';
import { DOCKER, PODMAN } from './invocation.ts';

/** No compose is there for the engine whose program that is. */
export function composeMissing(program: string = DOCKER): AppError {
  if (program === PODMAN) {
    return new AppError('compose-missing', 'There is no compose that works with Podman here.', {
      hint: {
        text: "Install docker-compose or podman-compose. Docker's needs the socket of Podman (as root without --user):",
        command: 'systemctl --user enable --now podman.socket',
      },
    });
  }
  return new AppError('compose-missing', 'Neither "docker compose" nor "docker-compose" is installed.', {
    hint: 'Docker Desktop has it; on Linux install the package docker-compose-plugin (or docker-compose).',
  });
}

/** It would leave the old container in place, or cannot say what a service would get. */
export function podmanComposeTooOld(version: string, oldest: string): AppError {
  return new AppError('compose-missing', `podman-compose ${version} is too old: it does not apply a changed setting.`, {
    hint: {
      text: `Install podman-compose ${oldest} or newer (1.4 at best), or docker-compose and the socket of Podman (as root without --user):`,
      command: 'systemctl --user enable --now podman.socket',
    },
  });
}

/**
 * Why compose does not accept its files. Only what is safe is taken out of its words, which quote values: names of variables,
 * files and services, line numbers.
 *
 * @param quiet the command that says it again, without the configuration itself, as it is typed
 */
export function configFailure(result: CommandResult, quiet: string, file: string): AppError {
  const text = result.stderr;
  const look = {
    text: 'To see what compose itself says:',
    command: quiet,
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
  const path = /\b(services(?:\.[\w-]{1,64}){1,16})/.exec(text)?.[1];
  return new AppError(
    'compose-invalid',
    `Compose does not accept its files${path === undefined ? '' : ` (${path})`}.`,
    { hint: look, where: { file, ...(line === undefined ? {} : { line: Number(line) }) } },
  );
}

/**
 * Why `up -d` failed. It leaves the service down in most cases, and the next `up -d` heals that.
 *
 * @param command as it is typed
 */
export function upFailure(result: CommandResult, command: string, service: string): AppError {
  const text = `${result.stderr}\n${result.stdout}`;
  const thenAgain = (text: string): Hint => ({
    text: `${text} When that is fixed, restart it:`.trimStart(),
    command,
  });
  const fail = (message: string, hint: string | Hint) => new AppError('restart-failed', message, { hint });
  if (result.timedOut) return fail('docker compose up timed out.', thenAgain('Check the Docker daemon.'));
  const port = takenPort(text);
  if (port !== null) {
    const message = `A port of ${service} is taken${port === '' ? '' : ` (${port})`}, so it could not be started.`;
    const isReserved = /forbidden by its access permissions/i.test(text);
    const reserved =
      'Windows keeps the port for itself: choose another one, or see what is reserved (netsh interface ipv4 show excludedportrange protocol=tcp).';
    return fail(message, thenAgain(isReserved ? reserved : 'Stop what uses the port, or publish another one.'));
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
  const dependency = /dependency failed to start: container (\S+) (is unhealthy|exited[^\n]{0,300})/i.exec(text);
  if (dependency)
    return fail(`A service that ${service} depends on has failed: ${dependency[1]} ${dependency[2]}.`, thenAgain(''));
  const name = /container name "?\/?([^\s"]+)"? is already in use/i.exec(text)?.[1];
  if (name !== undefined) {
    return fail(`Another container holds the name ${name} (container_name).`, {
      text: `It is of another project, or was started by hand. Where it is of this stack under another project name, set COMPOSE_PROJECT_NAME to that; else remove it or rename it. To see what it is:`,
      command: 'docker ps -a',
    });
  }
  if (/OCI runtime|Cannot start service|failed to create (?:shim|task)/i.test(text)) {
    return new AppError('container-not-started', `The engine could not start the container of ${service}.`, {
      hint: thenAgain('Check its command and mounts.'),
    });
  }
  return fail(`Compose could not restart ${service} (exit ${result.exitCode}): ${lastWords(result)}`, thenAgain(''));
}

/** The port that is taken, as the engine names it; '' where it does not; null: that is not the trouble. */
function takenPort(text: string): string | null {
  const said =
    /(?:Bind for|listen tcp\d?:?|exposing port TCP) ([\d.:[\]]{1,64})[^\n]{0,300}(?:already allocated|already in use|Only one usage|forbidden by its access)/i.exec(
      text,
    )?.[1];
  const isTaken =
    /port is already allocated|address already in use|Ports are not available|Only one usage of each socket/i.test(
      text,
    );
  return said === undefined ? (isTaken ? '' : null) : said.replace(/(?<!:):+$/, '');
}
