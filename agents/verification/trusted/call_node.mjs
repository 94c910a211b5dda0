// Evaluates one expression over a module of the project: `node call_node.mjs PATH CALL STATEMENT...`.
// The last line of stdout is JSON: `returns` with the value as JSON, `raises` with the names of the error and its
// bases, or `problem` when it did not come to the call. What is expected is not known in here.

import { writeSync } from 'node:fs';
import { resolve } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

const [path, call, ...setup] = process.argv.slice(2);

function kinds(error) {
  const names = [];
  for (let kind = error; kind && kind !== Object.prototype; kind = Object.getPrototypeOf(kind)) {
    if (kind.constructor?.name && !names.includes(kind.constructor.name)) names.push(kind.constructor.name);
  }
  return error?.name && !names.includes(error.name) ? [error.name, ...names] : names;
}

function plain(_, value) {
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  return value;
}

async function evaluate() {
  let names;
  try {
    const module = await import(pathToFileURL(resolve(path)));
    names = { ...module.default, ...module };
    delete names.default;
  } catch (error) {
    return { problem: `${path} cannot be imported: ${error?.name}: ${error?.message}`.slice(0, 400) };
  }
  try {
    const body = `${setup.join('\n')}\nreturn (${call}\n);`;
    const evaluated = new (async () => {}).constructor(...Object.keys(names), body);
    return { returns: JSON.stringify(await evaluated(...Object.values(names)), plain) ?? 'undefined' };
  } catch (error) {
    return { raises: kinds(error), text: String(error?.message ?? error).slice(0, 300) };
  }
}

const answer = await evaluate();
writeSync(1, `\n${JSON.stringify(answer)}\n`);
process.reallyExit(0);
