import process from 'node:process';
import { type FileSystem, nodeFileSystem } from '../../scripts/platform/file-system.ts';
import { createFiles } from '../../scripts/platform/files.ts';

/**
 * A process that writes a file, for tests that end it. Told what to do by its arguments:
 *   alternate FILE A B       writes A over B and B over A until it is killed
 *   die-at N FILE A B        writes once, and kills itself before its Nth call to the file system
 *   add FILE LINE            adds a line, again whenever somebody was faster
 */
const [what = '', ...args] = process.argv.slice(2);

// Another user may not look into the folder of this checkout, so all modules are loaded before root becomes that user.
const user = Number(process.env['WRITER_USER'] ?? 0);
if (user > 0) {
  process.setgroups?.([user]);
  process.setgid?.(user);
  process.setuid?.(user);
}

if (what === 'alternate') {
  const [file = '', a = '', b = ''] = args;
  const files = createFiles();
  process.stdout.write('ready\n');
  for (;;) {
    const before = await files.read(file);
    await files.replace(file, before, Buffer.from(String(before) === a ? b : a));
  }
}

if (what === 'die-at') {
  const [calls = '', file = '', a = '', b = ''] = args;
  const files = createFiles({ fs: dyingAt(Number(calls)) });
  const before = await files.read(file);
  const { repaired } = await files.replace(file, before, Buffer.from(String(before) === a ? b : a));
  process.stdout.write(`${repaired}\n`);
}

if (what === 'add') {
  const [file = '', line = ''] = args;
  const files = createFiles({ waitMs: 20_000 });
  for (;;) {
    const before = await files.read(file);
    try {
      await files.replace(file, before, Buffer.concat([before ?? Buffer.alloc(0), Buffer.from(`${line}\n`)]));
      break;
    } catch (thrown) {
      if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'file-changed')) throw thrown;
    }
  }
}

/** Node's file system, but the Nth call ends the process; one that writes writes half before. */
function dyingAt(calls: number): FileSystem {
  let left = calls;
  const step = () => {
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
  const counted = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(object, name) {
        const member: unknown = Reflect.get(object, name);
        if (typeof member !== 'function') return member;
        return async (...args: readonly unknown[]) => {
          if (left === 1 && (name === 'write' || name === 'writeFile') && ArrayBuffer.isView(args[0])) {
            const [bytes] = args;
            const half = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 1);
            await Reflect.apply(member, object, name === 'write' ? [half, 0, half.length, args[3]] : [half]);
          }
          step();
          const result: unknown = await Reflect.apply(member, object, args);
          return name === 'open' && typeof result === 'object' && result !== null ? counted(result) : result;
        };
      },
    });
  return counted({ ...nodeFileSystem });
}
