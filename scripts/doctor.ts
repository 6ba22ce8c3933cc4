import process from 'node:process';
import { main } from './cli/main.ts';

process.exitCode = await main('doctor', process);
