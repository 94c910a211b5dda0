// Evaluates one expression over a module of the project: `node call_node.mjs REPORT SECRET`.
//
// What is called comes over a pipe that can be read once, with the key under which the answer goes to the report. What is
// expected is not known in here. The project's code runs in a thread with intrinsics of its own, which hands over the
// value itself: neither the key nor what makes text of the value can be reached or patched from there.

import { createHash, createHmac } from 'node:crypto';
import { closeSync, readFileSync, symlinkSync, writeSync } from 'node:fs';
import process from 'node:process';
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';

import { literal } from './literal_node.mjs';

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
worker.on('exit', () => {
  // On a busy machine the end of the thread is told before the answer that it had sent.
  const sent = receiveMessageOnPort(port1);
  if (sent) finish(answerOf(sent.message));
  process.reallyExit(1);
});
port1.on('message', (said) => finish(answerOf(said)));
worker.postMessage({ port: port2, path, call, setup }, [port2]);
