import { execa } from 'execa';
import { openContainerBff } from './container-bff.ts';
import type { Row } from './row.ts';

/** Of log, in megabytes: one that does not matter, and the flood. */
const SIZES = [1, 1024];

/**
 * A BFF that writes a flood of log and then the line that decides: what the main job needs for it beside one that writes next
 * to nothing. Once each, since all of it is read in every run. Needs Docker, GNU time, and some disk.
 */
export const benchFlood: Row = async () => {
  for (const megabytes of SIZES) {
    const bff = await openContainerBff();
    try {
      const { command, cwd, env, prepare } = await bff.job('flood', script(megabytes));
      await prepare();
      const args = ['-f', 'measured: %e %M', ...command, '--health-timeout', '290'];
      const end = await execa('time', args, { cwd, env: { ...env }, extendEnv: false, all: true, reject: false });
      const said = String(end.all);
      const [, wall, peak] = /measured: (\S+) (\d+)/.exec(said) ?? [];
      if (!/does not accept the\s+IAT/.test(said) || wall === undefined)
        throw new Error(`The line was not found:\n${said}`);
      const memory = `${(Number(peak) / 1024).toFixed(0)} MB`;
      console.log(
        `${wall.padStart(8)} s ${memory.padStart(8)}   ${megabytes} MB of log, and the line that decides is found`,
      );
    } finally {
      await bff.close();
    }
  }
};

function script(megabytes: number): string {
  return `
    const line = '2026-01-01 00:00:00,000 - ms_bff.cache - DEBUG - ' + 'cache entry refreshed '.repeat(45) + '\\n';
    const block = Buffer.from(line.repeat(Math.ceil(65536 / line.length)));
    for (let written = 0; written < ${megabytes} * 1048576; written += block.length) fs.writeSync(1, block);
    console.log('ERROR dcr Client registration failed: 401 {"error":"invalid_token"}');
    setInterval(() => {}, 1000);
  `;
}
