import { readFileSync, writeFileSync } from 'node:fs';
import { startSandbox } from '../../scripts/sandbox/sandbox.ts';

/** A program that starts the sandbox in the folder named by its argument, says where, and stays. */
const signal = new AbortController().signal;
const { stack, idpUrl, bffUrl, composeFile } = await startSandbox({ dir: process.argv[2] ?? '', signal });
const text = readFileSync(composeFile, 'utf8');
writeFileSync(composeFile, text.replace('ALLOW_BOOTSTRAP_FAILURE: "false"', 'ALLOW_BOOTSTRAP_FAILURE: "true"'));
await stack.up(signal);
const [container] = await stack.instances(signal);
for await (const line of stack.logs(container?.id ?? '', { follow: true, signal })) {
  if (line.text.includes('Press CTRL+C')) break;
}
console.log(JSON.stringify({ idpUrl, bffUrl }));
