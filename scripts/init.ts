import process from 'node:process';
import { init } from './cli/init.ts';

process.exitCode = await init(process);
