// Evaluates one expression over a module of the project: `node call_node.mjs REPORT SECRET`.
//
// What is called comes over a pipe that can be read once, with the key under which the answer goes to the report. What is
// expected is not known in here. The project's code runs in a thread with intrinsics of its own, which hands over the
// value itself: neither the key nor what makes text of the value can be reached or patched from there.

import { createHash, createHmac } from 'node:crypto';
import { closeSync, readFileSync, symlinkSync, writeSync } from 'node:fs';
import process from 'node:process';
import { MessageChannel, Worker } from 'node:worker_threads';

const DEPTH = 50;
const [report, secret] = process.argv.slice(2).map(Number);
const { key: hex, path, call, setup, modules } = JSON.parse(readFileSync(secret, 'utf8'));
closeSync(secret);

function finish(answer) {
  const key = Buffer.from(hex, 'hex');
  const body = Buffer.from(JSON.stringify({ t: 'answer', ...answer }));
  const mac = createHmac('sha256', key).update(createHash('sha256').update(key).digest()).update(body).digest('hex');
  let rest = Buffer.concat([body, Buffer.from(`\t${mac}\n`)]);
  while (rest.length > 0) rest = rest.subarray(writeSync(report, rest));
  process.reallyExit(0);
}

// As JSON, with the words of JavaScript for what JSON has none for; throws for what cannot be written down.
function literal(value, depth = 0) {
  if (depth > DEPTH) throw new RangeError('too deep');
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (value === undefined) return 'undefined';
  const inner = (item) => literal(item, depth + 1);
  const object = (entries) => `{${entries.map(([name, item]) => `${JSON.stringify(String(name))}: ${inner(item)}`).join(', ')}}`;
  if (Array.isArray(value) || value instanceof Set) return `[${Array.from(value, inner).join(', ')}]`;
  if (value instanceof Map) return object([...value]);
  if (Object.getPrototypeOf(value) === Object.prototype) return object(Object.entries(value));
  throw new TypeError('no literal');
}

function answerOf({ problem, raises, text, shown, value }) {
  if (problem !== undefined || raises !== undefined) return { problem, raises, text };
  if (shown !== undefined) return { returns: shown, literal: false };
  try {
    return { returns: literal(value), literal: true };
  } catch {
    return { returns: Object.prototype.toString.call(value), literal: false };
  }
}

if (modules) symlinkSync(modules, 'node_modules');
const { port1, port2 } = new MessageChannel();
const worker = new Worker(new URL('calling_node.mjs', import.meta.url), { stdin: true });
worker.stdin.end();
worker.on('error', (error) => finish({ problem: `${path} cannot be run: ${error?.message}`.slice(0, 400) }));
worker.on('exit', () => process.reallyExit(1));
port1.on('message', (said) => finish(answerOf(said)));
worker.postMessage({ port: port2, path, call, setup }, [port2]);
