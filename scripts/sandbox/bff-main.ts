import process from 'node:process';
import { runBff } from './bff.ts';
import { endOnSignals, endWithParent } from './lifeline.ts';

/*
 * The BFF as a process. Its environment is that of the compose service, and BFF_HOST (127.0.0.1), BFF_PORT (8000, 0: any
 * free one), SANDBOX_BFF_LOG (plain or json), SANDBOX_BFF_FAULT, SANDBOX_ROOT (/), SANDBOX_LIFELINE.
 */
// When the reader of the log is gone, the owner of this process is gone.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => process.exit(1));
endOnSignals();
endWithParent(process.env);
await runBff(process.env);
