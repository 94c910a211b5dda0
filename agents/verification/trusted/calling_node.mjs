// The thread of call_node.mjs in which the project's code runs. Its port is known to this file alone.

import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parentPort } from 'node:worker_threads';

function kinds(error) {
  const names = [];
  for (let kind = error; kind && kind !== Object.prototype; kind = Object.getPrototypeOf(kind)) {
    if (kind.constructor?.name && !names.includes(kind.constructor.name)) names.push(kind.constructor.name);
  }
  const found = error?.name && !names.includes(error.name) ? [error.name, ...names] : names;
  return found.map((name) => String(name).slice(0, 100)).slice(0, 20);
}

async function evaluate({ path, call, setup }) {
  let names;
  try {
    const module = await import(pathToFileURL(resolve(path)));
    names = { ...module.default, ...module };
    delete names.default;
    delete names['module.exports'];
  } catch (error) {
    return { problem: `${path} cannot be imported: ${error?.name}: ${error?.message}`.slice(0, 400) };
  }
  try {
    const body = `${setup.join('\n')}\nreturn (${call}\n);`;
    const evaluated = new (async () => {}).constructor(...Object.keys(names), body);
    return { value: await evaluated(...Object.values(names)) };
  } catch (error) {
    return { raises: kinds(error), text: String(error?.message ?? error).slice(0, 300) };
  }
}

parentPort.once('message', async (asked) => {
  const post = asked.port.postMessage.bind(asked.port);
  const answer = await evaluate(asked);
  try {
    post(answer);
  } catch {
    post({ shown: typeof answer.value }); // functions and symbols cannot be handed over
  }
});
