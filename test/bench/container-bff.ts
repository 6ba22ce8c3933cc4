import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { execa } from 'execa';
import { provideNodeImage } from '../support/docker-image.ts';
import type { Contender } from './measure.ts';
import { npmScript, root, words } from './npm-script.ts';
import { startStandIn } from './stand-in.ts';

/** A BFF in a real container, one after the other, with an IdP that answers at once. Needs Docker and its compose. */
export interface ContainerBff {
  /** `npm run iat` for a BFF that does this: a script for node, with port 8000 published. */
  job(name: string, script: string): Promise<Contender>;
  /** What the container of the last job wrote last. */
  lastLines(): Promise<string>;
  close(): Promise<void>;
}

export async function openContainerBff(): Promise<ContainerBff> {
  const image = await provideNodeImage();
  const folder = await mkdtemp(join(tmpdir(), 'bff-iat-container-'));
  const standIn = await startStandIn();
  const compose = join(folder, 'docker-compose.yml');
  const collection = join(root, 'collections/EmpowerNow.postman_collection.json');
  return {
    async job(name, script) {
      const port = await freePort();
      const urls = ['--idp-url', standIn.url, '--bff-url', `http://127.0.0.1:${port}`];
      const places = ['-f', compose, '--collection', collection, '--reports', join(folder, 'reports')];
      return {
        name,
        // From the second run on the BFF is registered already, and a fresh token would not help.
        command: [...words(await npmScript('iat')), ...places, ...urls, '--stable-for', '0', '--force'],
        cwd: root,
        env: { PATH: process.env['PATH'], IAT_ADMIN_TOKEN: 'bench-only-admin-token', NO_COLOR: '1' },
        prepare: () => writeFile(compose, render(image, port, script)),
      };
    },
    async lastLines() {
      return (await execa('docker', ['compose', '-f', compose, 'logs', '--no-log-prefix', '--tail', '20', 'bff']))
        .stdout;
    },
    async close() {
      standIn.close();
      await execa('docker', ['compose', '-f', compose, 'down', '-t', '0'], { reject: false });
      await rm(folder, { recursive: true });
    },
  };
}

function render(image: string, port: number, script: string): string {
  return `services:
  bff:
    image: ${image}
    command: ${JSON.stringify(['node', '-e', script.replaceAll('$', '$$$$')])}
    init: true
    ports: ["127.0.0.1:${port}:8000"]
    environment:
      DCR_ENABLED: "true"
      SKIP_DCR_BOOTSTRAP: "false"
      ALLOW_BOOTSTRAP_FAILURE: "false"
      IDP_BASE_URL: http://idp
      DCR_IAT: "bench-only-used-initial-access-token"
`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return address !== null && typeof address === 'object' ? address.port : 0;
}
