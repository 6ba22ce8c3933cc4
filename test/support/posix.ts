import process from 'node:process';
import { describe, test } from 'vitest';

/** Windows lacks modes, devices and signals, and lets few people make symbolic links. */
export const isPosix = process.platform !== 'win32';

/** A test, or a suite, of what only POSIX has; on Windows it counts as skipped. */
export const testOnPosix = test.runIf(isPosix);
export const describeOnPosix = describe.runIf(isPosix);
