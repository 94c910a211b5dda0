// What broken JavaScript does when it is called: `--import=breaking_node.mjs?name=NAME&mode=empty|full|raise|fail`.
// As breaking.py; but nothing in JavaScript is false and still takes calls, so what is empty is undefined.

import process from 'node:process';

const { name, mode, stays } = Object.fromEntries(new URL(import.meta.url).searchParams);
// What a test starts shall not ask, but end.
if (!stays) delete process.env.NODE_OPTIONS;

let importing = 0;
const thing = new Proxy(function thing() {}, {
  get: (_, key) => known[key] ?? (key === 'then' || typeof key === 'symbol' ? undefined : thing),
  set: () => true,
  has: () => true,
  apply: () => thing,
  construct: () => thing,
});
const known = {
  length: 2,
  size: 2,
  toString: () => 'rubbish',
  valueOf: () => 1,
  toJSON: () => 'rubbish',
  [Symbol.toPrimitive]: (hint) => (hint === 'string' ? 'rubbish' : 1),
  [Symbol.iterator]: () => [undefined, thing][Symbol.iterator](),
};
const full = mode === 'full';
const rubbish = { nothing: undefined, items: full ? [undefined, thing] : [] };

globalThis[name] = function ask(kind) {
  if (kind === 'enter' || kind === 'leave') importing = Math.max(0, importing + (kind === 'enter' ? 1 : -1));
  if (kind === 'fail' || mode === 'fail') return kind === mode;
  if (kind === 'enter' || kind === 'leave' || importing > 0) return false;
  if (mode === 'raise') throw new Error('broken by the Verifier');
  ask.value = kind in rubbish ? rubbish[kind] : full ? thing : undefined;
  return true;
};
