import process from 'node:process';
import { createFiles } from '../../scripts/platform/files.ts';

/**
 * A process that writes a file, for tests that end it. Told what to do by its arguments:
 *   alternate FILE A B       writes A over B and B over A until it is killed
 *   add FILE LINE            adds a line, again as long as another process was faster
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

if (what === 'add') {
  const [file = '', line = ''] = args;
  const files = createFiles({ waitMs: 60_000 });
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
