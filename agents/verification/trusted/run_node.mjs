// Runs a Node project's tests inside the sandbox and reports over an inherited pipe: `node run_node.mjs REPORT SECRET`.
//
// Same records as run_pytest.py: JSON lines, each followed by a tab and an HMAC that covers all lines before it. Each test
// file runs in a process of its own that never sees the key.

import { spawnSync } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { closeSync, mkdirSync, readFileSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { run } from 'node:test';

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

function phase(event, outcome) {
  const { data, id, told } = event;
  const error = data.details?.error;
  const cause = error?.cause ?? error;
  // A file that does not load fails as a whole, with no more than "test failed": what Node printed says why.
  const message = told ? /^(?:\w*Error\b.*|.*\[ERR_\w+\].*)$/m.exec(told)?.[0] ?? told : String(cause?.message ?? cause ?? '');
  for (const when of ['setup', 'teardown']) {
    emit('phase', { id, when, raw: null, outcome: 'passed', xfail: false, seconds: 0, reached: false });
  }
  emit('phase', {
    id,
    when: 'call',
    raw: outcome === 'failed' ? String(cause?.name ?? 'Error') : null,
    outcome: data.skip !== undefined && data.skip !== false ? 'skipped' : outcome,
    xfail: data.todo !== undefined && data.todo !== false,
    seconds: (data.details?.duration_ms ?? 0) / 1000,
    message: outcome === 'failed' ? message.slice(0, 3000) : '',
    frames: outcome === 'failed' ? frames(told || String(cause?.stack ?? '')) : [],
    output: '',
    reached: false,
  });
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

function runCommand() {
  const [program, ...words] = options.command;
  emit('item', { id: words.join(' ') });
  emit('run', { id: words.join(' ') });
  const ended = spawnSync(program, words, { stdio: ['ignore', 'inherit', 'inherit'] });
  const failed = ended.status !== 0;
  phase({ id: words.join(' '), data: { details: { error: { message: `exit code ${ended.status}` } } } },
    failed ? 'failed' : 'passed');
  emit('end', { code: ended.status ?? 1, collected: 1 });
  finish(failed ? 1 : 0);
}

async function runTests() {
  const files = [...options.files, ...plantCanaries()].map((file) => path.resolve(file));
  const names = new Map();
  const errors = new Map();
  let failed = false;
  const identify = (data) => {
    const file = path.relative(root, data.file ?? data.name);
    const stack = names.get(file) ?? [];
    const whole = [...stack.slice(0, data.nesting), data.name].join(' > ');
    return path.resolve(data.name) === path.resolve(root, file) ? file : `${file}::${whole}`;
  };
  for await (const { type, data } of run({ files, concurrency: 2, timeout: options.each * 1000 })) {
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
      emit('item', { id });
      const whole = id === path.relative(root, data.file ?? data.name);
      phase({ id, data, told: whole ? errors.get(data.file ?? data.name) : '' }, bad ? 'failed' : 'passed');
    }
  }
  emit('end', { code: failed ? 1 : 0, collected: files.length });
  finish(failed ? 1 : 0);
}

emit('start', { node: process.version });
linkModules();
checkSyntax();
if (options.command) runCommand();
else await runTests();
