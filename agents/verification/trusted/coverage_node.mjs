// Which lines of the code under test ran, from what V8 wrote down for each process.

import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

// File -> how many lines it has, the first that ran in no process, and how many did not; a line did not when a range with
// count 0 holds all of it.
export function coverageOf(code, folder, root) {
  const files = {};
  for (const file of code) {
    const lines = linesOf(readFileSync(file, 'utf8'));
    files[file] = { lines, ran: new Set() };
  }
  for (const name of readdirSync(folder)) {
    let scripts;
    try {
      scripts = JSON.parse(readFileSync(path.join(folder, name), 'utf8')).result;
    } catch {
      continue;
    }
    for (const { url, functions } of scripts) {
      const file = url.startsWith('file://') ? path.relative(root, fileURLToPath(url)) : '';
      if (!Object.hasOwn(files, file)) continue;
      const ranges = functions.flatMap((one) => one.ranges);
      for (const line of files[file].lines) {
        const holding = ranges.filter((range) => range.startOffset <= line.start && range.endOffset >= line.end);
        const inner = holding.sort((a, b) => (a.endOffset - a.startOffset) - (b.endOffset - b.startOffset))[0];
        if (inner?.count > 0) files[file].ran.add(line.number);
      }
    }
  }
  return Object.fromEntries(Object.entries(files).map(([file, { lines, ran }]) => {
    const missing = lines.map((line) => line.number).filter((number) => !ran.has(number));
    return [file, [lines.length, missing.slice(0, 400), missing.length]];
  }));
}

// Lines that hold more than brackets or a comment.
function linesOf(text) {
  let start = 0;
  return text.split('\n').map((line, at) => {
    const found = { number: at + 1, start: start + line.search(/\S|$/), end: start + line.trimEnd().length, text: line.trim() };
    start += line.length + 1;
    return found;
  }).filter((line) => !/^(?:[\][(){};,]*|\/[/*].*|\*.*)$/.test(line.text));
}
