// Puts the file that threads run beside the compiled sources, so that tests can start threads from there too.
import { copyFileSync } from 'node:fs';

copyFileSync('dist/entry.cjs', 'build/src/threads/entry.cjs');
