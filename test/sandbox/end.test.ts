import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Sandbox } from '../../scripts/sandbox/sandbox.ts';
import { current, FAILED, linesUntil, sandbox } from './running.ts';
import { atTheEnd, call, temporaryFolder } from './support.ts';

describe.concurrent('the end', () => {
  test('close ends every process, also one that is waiting for its next start', async () => {
    const dir = temporaryFolder();
    const running = await sandbox({ dir, startBff: true });
    await linesUntil(running, (await current(running)).id, FAILED);
    expect(processesOf(running)).not.toEqual([]);
    await running.close();
    await running.close();
    expect(processesOf(running)).toEqual([]);
    await expect(call('GET', `${running.idpUrl}/health`, null)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('the admin token is in the environment of no process', async () => {
    const running = await sandbox();
    const [pid = ''] = processesOf(running);
    expect(environmentOf(pid)).toContain('SANDBOX_ADMIN_TOKEN_FILE=-');
    expect(environmentOf(pid)).not.toContain(running.adminToken.reveal());
  });

  test('aborting closes', async () => {
    const leaving = new AbortController();
    const running = await sandbox({ signal: leaving.signal, fault: 'silent-hang', startBff: true });
    leaving.abort();
    await running.close();
    expect(processesOf(running)).toEqual([]);
  });

  test('no process outlives a parent that is killed', async () => {
    const dir = temporaryFolder();
    const parent = startParent(dir);
    const [line] = (await once(parent.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    const { idpUrl, bffUrl } = JSON.parse(String(line)) as Pick<Sandbox, 'idpUrl' | 'bffUrl'>;
    const connections = await Promise.all([idpUrl, bffUrl].map(connectTo));
    parent.kill('SIGKILL');
    await Promise.all(connections.map(untilClosed));
  });
});

/** Processes of this machine whose environment names the sandbox's folder or the port of its IdP. */
function processesOf({ composeFile, idpUrl }: Sandbox): string[] {
  const marks = [`SANDBOX_ROOT=${dirname(composeFile)}/`, `SANDBOX_PORT=${new URL(idpUrl).port}\0`];
  return readdirSync('/proc').filter(
    (pid) => /^\d+$/.test(pid) && marks.some((mark) => environmentOf(pid).includes(mark)),
  );
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}

function startParent(dir: string): ChildProcess {
  const main = fileURLToPath(new URL('parent-main.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', main, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  atTheEnd(() => void child.kill('SIGKILL'));
  return child;
}

async function connectTo(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** However it was closed: a process that is killed may also reset the connection. */
function untilClosed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}
