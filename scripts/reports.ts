import process from 'node:process';
import { reports } from './cli/reports-command.ts';

process.exitCode = await reports(process);
