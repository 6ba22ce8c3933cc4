import process from 'node:process';
import { completion } from './cli/completion/completion.ts';
import { openCompletion } from './cli/completion/outside.ts';

process.exitCode = await completion(openCompletion(process));
