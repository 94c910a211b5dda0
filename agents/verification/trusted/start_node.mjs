// Starts a program beside installed packages: `node start_node.mjs FOLDER_OF_MODULES PROGRAM WORDS...`.

import { spawnSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import process from 'node:process';

const [modules, program, ...words] = process.argv.slice(2);
symlinkSync(modules, 'node_modules');
const ended = spawnSync(program, words, { stdio: 'inherit' });
if (ended.error) console.error(String(ended.error));
process.exit(ended.status ?? 1);
