import process from 'node:process';
import { demo } from './cli/demo.ts';

process.exitCode = await demo(process);
