import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { execa } from 'execa';

type Env = Readonly<Record<string, string>>;

/** The official image, or one made of this machine's own node. */
const OFFICIAL = `node:${process.versions.node.split('.')[0]}-slim`;
const OWN = `iat-test-node:${process.versions.node}`;

/**
 * An image with node in it: the official one where it is here already, else one made on the spot, which needs no network;
 * pulled where neither works.
 *
 * @param env where the engine is (DOCKER_HOST)
 * @returns the image's name
 */
export async function provideNodeImage(env: Env = {}): Promise<string> {
  for (const image of [OFFICIAL, OWN]) if (await isHere(image, env)) return image;
  try {
    return await makeImage(OWN, 'node', env);
  } catch (cause) {
    const { failed } = await execa('docker', ['pull', '--quiet', OFFICIAL], { reject: false, timeout: 120_000, env });
    if (failed) throw new Error(`No base image: ${OFFICIAL} cannot be pulled, and none can be made here.`, { cause });
    return OFFICIAL;
  }
}

/** The same node by another name, so that the image has no python, node, curl or wget that could ask a URL. */
export async function provideBareImage(): Promise<{ readonly image: string; readonly program: string }> {
  const image = `iat-test-bare:${process.versions.node}`;
  if (!(await isHere(image))) await makeImage(image, 'service');
  return { image, program: 'service' };
}

async function isHere(image: string, env: Env = {}): Promise<boolean> {
  return !(await execa('docker', ['image', 'inspect', image], { reject: false, env })).failed;
}

async function makeImage(name: string, program: string, env: Env = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'iat-test-image-'));
  try {
    const root = join(folder, 'root');
    await fillRoot(root, program);
    const tar = join(folder, 'root.tar');
    await execa('tar', ['-C', root, '--owner=0', '--group=0', '--numeric-owner', '-cf', tar, '.']);
    const { stdout } = await execa('docker', ['import', '--change', 'ENV PATH=/usr/local/bin', tar], { env });
    // Podman says it twice.
    const [id = stdout] = /sha256:[0-9a-f]{64}/.exec(stdout) ?? [];
    await execa('docker', ['run', '--rm', '--network', 'none', id, program, '--version'], { env });
    // Another worker may have been faster: then this one would stay behind without a name.
    if (await isHere(name, env)) await execa('docker', ['image', 'rm', id], { env });
    else await execa('docker', ['image', 'tag', id, name], { env });
    return name;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What node needs to run, and nothing else: itself, its libraries, who root is, a place for temporary files. */
async function fillRoot(root: string, program: string): Promise<void> {
  const node = await realpath(process.execPath);
  const libraries = await librariesOf(node);
  await copyInto(root, node, `/usr/local/bin/${program}`);
  for (const library of libraries) await copyInto(root, await realpath(library), library);
  await mkdir(join(root, 'tmp'));
  await mkdir(join(root, 'etc'));
  await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/tmp:/sbin/nologin\n');
  await writeFile(join(root, 'etc/group'), 'root:x:0:\n');
}

/** By `ldd`: the loader, the libraries, and beside libc those that it loads to look names up (glibc before 2.34). */
async function librariesOf(program: string): Promise<string[]> {
  const { stdout } = await execa('ldd', [program]);
  const libraries = [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path ?? '');
  const libc = libraries.find((path) => path.endsWith('/libc.so.6'));
  if (libc === undefined) throw new Error(`${program} does not say which libraries it needs.`);
  const names = ['libnss_dns.so.2', 'libnss_files.so.2', 'libresolv.so.2'];
  return [...libraries, ...names.map((name) => join(dirname(libc), name)).filter((path) => existsSync(path))];
}

async function copyInto(root: string, from: string, to: string): Promise<void> {
  const target = join(root, to);
  await mkdir(dirname(target), { recursive: true });
  await copyFile(from, target);
}
