// Runs a Node project's tests inside the sandbox and reports over an inherited pipe: `node run_node.mjs REPORT SECRET`.
//
// Same records as run_pytest.py: JSON lines, each followed by a tab and an HMAC that covers all lines before it. Each test
// file runs in a process of its own that never sees the key.

import { spawnSync } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import {
  closeSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync, writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { run } from 'node:test';
import { fileURLToPath } from 'node:url';

import { literal } from './literal_node.mjs';

// Longest value that is told whole, in characters, and the assertions that compare two of them.
const VALUE = 250;
const EQUAL = new Set(['==', 'strictEqual', 'deepEqual', 'deepStrictEqual']);
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
    frames: outcome === 'failed' ? frames(told || said(cause?.stack ?? '')) : [],
    output: '',
    reached: mode === 'fail' && guarded.has(`${path.relative(root, data.file ?? '')}::${data.name}`),
  });
}

// Both values of a failed comparison in one line; of long ones Node's own message shows what differs. What comes from the
// test's process as undefined may have been a function there.
function compared(error) {
  if (error?.code !== 'ERR_ASSERTION' || !EQUAL.has(error.operator)) return '';
  try {
    const [got, wanted] = [error.actual, error.expected].map((value) => literal(value, { plain: true }));
    const untold = got === wanted || Math.max(got.length, wanted.length) > VALUE;
    return untold ? '' : `got ${got} where ${wanted} was expected\n`;
  } catch {
    return '';
  }
}

function isSet(mark) {
  return mark !== undefined && mark !== false;
}

// What was thrown may be anything, also what cannot be made a string.
function said(value) {
  try {
    return String(value);
  } catch {
    return 'something that cannot be shown';
  }
}

function frames(stack) {
  const found = [...stack.matchAll(/(?:at (.*?) \()?(?:file:\/\/)?(\/[^():\n]+):(\d+):\d+/g)]
    .map(([, name, file, line]) => ({ name, file: path.relative(root, file), line: Number(line) }))
    .filter(({ file }) => !file.startsWith('..') && !file.startsWith('node_modules'));
  return found.slice(0, 2).reverse().map(({ name, file, line }) => ({
    path: file, line, function: name ?? '', source: around(file, line),
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

// What a build wrote again may be the same; what tests wrote may be put back, but not the time of it.
function content(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

function stamp(file) {
  const { ctimeNs, ino } = statSync(file, { bigint: true });
  return `${ctimeNs} ${ino}`;
}

// Tells, when it is called, which of the project's files are not as they were.
function watching(look) {
  const seen = () => options.watched.map((file) => {
    try {
      return look(file);
    } catch {
      return '';
    }
  });
  const before = seen();
  return () => {
    const after = seen();
    const rewritten = options.watched.filter((_, at) => before[at] !== after[at]);
    for (const file of rewritten.slice(0, 5)) emit('changed', { what: `${file} was rewritten while the tests ran` });
  };
}

function commandFails(mode = '') {
  for (const [at, [program, ...words]] of options.commands.entries()) {
    const told = watching(at + 1 < options.commands.length ? content : stamp);
    const { status } = spawnSync(program, words, { stdio: ['ignore', 'inherit', 'inherit'] });
    if (!mode) told();
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

// Lines that ran in any process, from what V8 writes down; a line is out when a range with count 0 holds all of it.
function reportCoverage(folder) {
  const files = {};
  for (const file of options.code) {
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
  const rows = Object.entries(files).map(([file, { lines, ran }]) => {
    const missing = lines.map((line) => line.number).filter((number) => !ran.has(number));
    return [file, [lines.length, missing.slice(0, 400), missing.length]];
  });
  emit('coverage', { files: Object.fromEntries(rows) });
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
const told = watching(stamp);
const { failed } = await runTests(files, options.each);
told();
if (folder) reportCoverage(folder);
emit('end', { code: failed ? 1 : 0, collected: files.length });
finish(failed ? 1 : 0);
