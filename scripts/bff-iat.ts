import process from 'node:process';
import { chooseCommand } from './cli/bin.ts';

const name = await chooseCommand(process);
// The bundle beside this one: named as a text, so that this one does not hold it.
const path = `./${name}.mjs`;
if (name !== null) await import(path);
