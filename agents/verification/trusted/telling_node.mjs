// Tells what a failed test of Node's runner says: the message, both values, the frames in the project's own code.

import { readFileSync } from 'node:fs';
import path from 'node:path';

import { literal } from './literal_node.mjs';

// Longest value that is told whole, in characters, and the assertions that compare two of them.
const VALUE = 250;
const EQUAL = new Set(['==', 'strictEqual', 'deepEqual', 'deepStrictEqual']);

// Both values of a failed comparison in one line; of long ones Node's own message shows what differs. What comes from the
// test's process as undefined may have been a function there.
export function compared(error) {
  if (error?.code !== 'ERR_ASSERTION' || !EQUAL.has(error.operator)) return '';
  try {
    const [got, wanted] = [error.actual, error.expected].map((value) => literal(value, { plain: true }));
    const untold = got === wanted || Math.max(got.length, wanted.length) > VALUE;
    return untold ? '' : `got ${got} where ${wanted} was expected\n`;
  } catch {
    return '';
  }
}

// What was thrown may be anything, also what cannot be made a string.
export function said(value) {
  try {
    return String(value);
  } catch {
    return 'something that cannot be shown';
  }
}

// The innermost two in the project's own code.
export function frames(stack, root) {
  const found = [...stack.matchAll(/(?:at (.*?) \()?(?:file:\/\/)?(\/[^():\n]+):(\d+):\d+/g)]
    .map(([, name, file, line]) => ({ name, file: path.relative(root, file), line: Number(line) }))
    .filter(({ file }) => !file.startsWith('..') && !file.startsWith('node_modules'));
  return found.slice(0, 2).reverse().map(({ name, file, line }) => ({
    path: file, line, function: name ?? '', source: around(path.resolve(root, file), line),
  }));
}

function around(file, number) {
  try {
    const lines = readFileSync(file, 'utf8').split('\n');
    const first = Math.max(1, number - 3);
    return lines.slice(first - 1, number + 2)
      .map((text, at) => `${first + at === number ? '>' : ' '} ${String(first + at).padStart(4)} ${text.slice(0, 160)}`)
      .join('\n');
  } catch {
    return '';
  }
}
