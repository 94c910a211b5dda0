// Runs a Node project's tests inside the sandbox and reports over an inherited pipe: `node run_node.mjs REPORT SECRET`.
//
// Same records as run_pytest.py: JSON lines, each followed by a tab and an HMAC that covers all lines before it. Each test
// file runs in a process of its own that never sees the key.

import { spawnSync } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import {
  closeSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync, writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { run } from 'node:test';
import { fileURLToPath } from 'node:url';

import { coverageOf } from './coverage_node.mjs';
import { compared, frames, said } from './telling_node.mjs';
import { content, stamp, watching } from './watching_node.mjs';

// Seconds for one file, and for all, with code that goes on without doing anything.
const QUIET_EACH = 5;
const QUIET_ALL = 15;

const [report, secret] = process.argv.slice(2).map(Number);
const options = JSON.parse(readFileSync(secret, 'utf8'));
closeSync(secret);
const key = Buffer.from(options.key, 'hex');
const root = process.cwd();
let chain = createHash('sha256').update(key).digest();

function emit(kind, fields = {}) {
  const body = Buffer.from(JSON.stringify({ t: kind, ...fields }));
  chain = createHmac('sha256', key).update(chain).update(body).digest();
  let rest = Buffer.concat([body, Buffer.from(`\t${chain.toString('hex')}\n`)]);
  while (rest.length > 0) rest = rest.subarray(writeSync(report, rest));
}

function finish(code) {
  emit('returned', { code });
  process.exit(code);
}

function linkModules() {
  if (options.modules) symlinkSync(options.modules, path.join(root, 'node_modules'));
}

function checkSyntax() {
  for (const file of options.sources) {
    const checked = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8' });
    if (checked.status === 0) continue;
    const lines = checked.stderr.split('\n');
    const message = lines.find((line) => /^\w*Error: /.test(line)) ?? lines[0];
    const number = Number(/:(\d+)$/.exec(lines[0])?.[1] ?? 0);
    emit('syntax', { path: file, line: number, message: message.slice(0, 300), source: (lines[1] ?? '').slice(0, 200) });
  }
}

function plantCanaries() {
  const planted = [];
  for (const [number, folder] of options.folders.entries()) {
    for (const [tag, body] of [['p', ''], ['f', "throw new Error('planted');"]]) {
      const name = `${options.canary}${number}${tag}`;
      const file = path.join(folder, `${name}.test.cjs`);
      mkdirSync(folder, { recursive: true });
      writeFileSync(file, `require('node:test').test('${name}', () => { ${body} });\n`);
      planted.push(file);
    }
  }
  return planted;
}

function phase(event, outcome, mode = '') {
  const { data, id, told } = event;
  const error = data.details?.error;
  const cause = error?.cause ?? error;
  const idle = isSet(data.skip) || isSet(data.todo);
  // A file that does not load fails as a whole, with no more than "test failed": what Node printed says why.
  const message = told
    ? /^(?:\w*Error\b.*|.*\[ERR_\w+\].*)$/m.exec(told)?.[0] ?? told
    : compared(cause) + said(cause?.message ?? cause ?? '');
  for (const when of ['setup', 'teardown']) {
    emit('phase', { id, when, mode, raw: null, outcome: 'passed', xfail: false, seconds: 0, reached: false });
  }
  emit('phase', {
    id,
    when: 'call',
    mode,
    raw: outcome === 'failed' || (error && !idle) ? said(cause?.name ?? 'Error') : null,
    outcome: idle ? 'skipped' : outcome,
    xfail: isSet(data.todo),
    seconds: (data.details?.duration_ms ?? 0) / 1000,
    message: outcome === 'failed' ? message.slice(0, 3000) : '',
    frames: outcome === 'failed' ? frames(told || said(cause?.stack ?? ''), root) : [],
    output: '',
    reached: mode === 'fail' && guarded.has(`${path.relative(root, data.file ?? '')}::${data.name}`),
  });
}

function isSet(mark) {
  return mark !== undefined && mark !== false;
}

function tellChanged(files) {
  for (const file of files.slice(0, 5)) emit('changed', { what: `${file} was rewritten while the tests ran` });
}

function commandFails(mode = '') {
  for (const [at, [program, ...words]] of options.commands.entries()) {
    const rewritten = watching(options.watched, at + 1 < options.commands.length ? content : stamp);
    const { status } = spawnSync(program, words, { stdio: ['ignore', 'inherit', 'inherit'] });
    if (!mode) tellChanged(rewritten());
    if (status !== 0) return `exit code ${status}`;
  }
  return '';
}

function runCommand(problem, mode = '') {
  const id = 'test';
  if (!mode) emit('item', { id });
  phase({ id, data: { details: problem ? { error: { message: problem } } : {} } }, problem ? 'failed' : 'passed', mode);
  emit('end', { code: problem ? 1 : 0, collected: 1 });
  finish(problem ? 1 : 0);
}

// A runner of the project's own is only asked whether it fails: when no module loads, and when every function throws.
function runBrokenCommand() {
  if (!breakAll()) finish(0);
  endProgramsWith(97);
  const problem = commandFails('raise');
  if (!problem) runCommand('', 'raise');
  preload('raise', { stays: 'yes' });
  runCommand(commandFails('raise'), 'raise');
}

function preload(mode, more = {}) {
  const file = new URL('breaking_node.mjs', import.meta.url);
  file.search = new URLSearchParams({ name: options.canary, mode, ...more });
  process.env.NODE_OPTIONS = `--import=${file.href}`;
}

async function runTests(files, each, mode = '') {
  const names = new Map();
  const errors = new Map();
  const passed = new Set();
  let failed = false;
  const identify = (data) => {
    const file = path.relative(root, data.file ?? data.name);
    const stack = names.get(file) ?? [];
    const whole = [...stack.slice(0, data.nesting), data.name].join(' > ');
    return path.resolve(data.name) === path.resolve(root, file) ? file : `${file}::${whole}`;
  };
  for await (const { type, data } of run({ files, concurrency: 2, timeout: each * 1000 })) {
    if (type === 'test:stderr') {
      errors.set(data.file, ((errors.get(data.file) ?? '') + data.message).slice(-20000));
    } else if (type === 'test:start' && data.file) {
      const file = path.relative(root, data.file);
      names.set(file, [...(names.get(file) ?? []).slice(0, data.nesting), data.name]);
    } else if (type === 'test:pass' || type === 'test:fail') {
      const bad = type === 'test:fail' && !data.todo;
      failed ||= bad;
      if (data.details?.type === 'suite') continue;
      const id = identify(data);
      if (!bad) passed.add(data.file ?? data.name);
      if (!mode) emit('item', { id });
      const whole = id === path.relative(root, data.file ?? data.name);
      if (whole && bad && mode) emit('collect_error', { id, message: '', frames: [] });
      phase({ id, data, told: whole ? errors.get(data.file ?? data.name) : '' }, bad ? 'failed' : 'passed', mode);
    }
  }
  return { failed, passed: [...passed] };
}

function breakAll() {
  const tool = fileURLToPath(new URL('broken_node.cjs', import.meta.url));
  const code = options.broken === 'all' ? options.code : [];
  const made = spawnSync(process.execPath, ['--expose-internals', tool, options.canary, String(code.length), ...code, ...options.files], { encoding: 'utf8' });
  if (made.status !== 0) return false;
  const { count, titles } = JSON.parse(made.stdout);
  guarded = new Set(titles);
  emit('broken', { count });
  return true;
}

// Titles of tests that begin with an assertion which fails when it is told to; `path::title`.
let guarded = new Set();

// Once for each way to be broken, and only what has passed so far: an honest test fails in the first. Whole code is only
// asked for the last, in which each test has to fail.
async function runBroken(all) {
  let files = options.broken === 'all' ? all : [];
  const started = Date.now();
  for (const mode of ['empty', 'full', 'raise']) {
    if (files.length === 0 || (Date.now() - started > QUIET_ALL * 1000 && mode !== 'raise')) continue;
    if (mode === 'raise') endProgramsWith(97);
    preload(mode);
    const each = mode === 'raise' ? options.each : Math.min(QUIET_EACH, options.each);
    ({ passed: files } = await runTests(files, each, mode));
  }
  preload('fail');
  await runTests(all, options.each, 'fail');
  delete process.env.NODE_OPTIONS;
}

function endProgramsWith(code) {
  for (const file of options.code) {
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replaceAll(`process.exit(0/*${options.canary}*/)`, `process.exit(${code})`));
  }
}

emit('start', { node: process.version });
linkModules();
checkSyntax();
if (options.commands.length > 0 && options.broken) runBrokenCommand();
if (options.commands.length > 0) {
  emit('run', { id: 'test' });
  runCommand(commandFails());
}
const folder = options.coverage ? mkdtempSync(path.join(tmpdir(), 'coverage-')) : '';
const broken = options.broken && breakAll();
const files = [...options.files, ...plantCanaries()].map((file) => path.resolve(file));
if (options.broken) {
  if (!broken) finish(0);
  await runBroken(files);
  emit('end', { code: 0, collected: files.length });
  finish(0);
}
if (folder) process.env.NODE_V8_COVERAGE = folder;
process.env.NODE_OPTIONS = `--import=${new URL('firm_node.mjs', import.meta.url).href}`;
const rewritten = watching(options.watched, stamp);
const { failed } = await runTests(files, options.each);
tellChanged(rewritten());
if (folder) emit('coverage', { files: coverageOf(options.code, folder, root) });
emit('end', { code: failed ? 1 : 0, collected: files.length });
finish(failed ? 1 : 0);
