// Notices files that are rewritten while tests run.

import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';

// What a build wrote again may be the same; what tests wrote may be put back, but not the time of it.
export function content(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

export function stamp(file) {
  const { ctimeNs, ino } = statSync(file, { bigint: true });
  return `${ctimeNs} ${ino}`;
}

// A function that tells which of these files are not as they were.
export function watching(files, look) {
  const seen = () => files.map((file) => {
    try {
      return look(file);
    } catch {
      return '';
    }
  });
  const before = seen();
  return () => {
    const after = seen();
    return files.filter((_, at) => before[at] !== after[at]);
  };
}
