// Rewrites JavaScript in place so that every function first asks `breaking_node.mjs` what to do instead of its work:
// `node --expose-internals broken_node.cjs NAME COUNT FILES...`; of the files, the first COUNT are code, the others tests,
// which get an assertion that fails on demand. Prints how many functions and which guarded tests there are, as JSON.
// As broken.py, for Node.

'use strict';

const { readFileSync, writeFileSync } = require('node:fs');
const { parse } = require('internal/deps/acorn/acorn/dist/acorn');

const [name, number, ...files] = process.argv.slice(2);
const ask = (kind) => `globalThis.${name}(${JSON.stringify(kind)})`;
const answer = `globalThis.${name}.value`;
// A program that a test starts has nobody to ask: it ends at once, without a word. The runner changes the code.
const prelude = `if (!globalThis.${name}) process.exit(0/*${name}*/); ${ask('enter')};`;

function parsed(text, file) {
  const options = { ecmaVersion: 'latest', allowHashBang: true, allowReturnOutsideFunction: true };
  const types = file.endsWith('.cjs') ? ['script', 'module'] : ['module', 'script'];
  for (const sourceType of types) {
    try {
      return parse(text, { ...options, sourceType });
    } catch {
      continue;
    }
  }
  return null;
}

function broken(text, file) {
  const tree = parsed(text, file);
  if (!tree) return [text, 0];
  const inserts = [];
  let count = 0;

  function rewrite(node, kind, derived) {
    if (node.body.type !== 'BlockStatement') {
      inserts.push([node.body.start, `${ask(kind)} ? ${answer} : (`], [node.body.end, ')']);
    } else {
      const place = kind === 'nothing' && derived ? superCall(node)?.end : node.body.start + 1;
      if (place === undefined || node.body.body.length === 0) return;
      const value = node.generator ? `{ yield* ${answer}; return; }` : `return ${answer};`;
      inserts.push([place, ` if (${ask(node.generator ? 'items' : kind)}) ${value} `]);
    }
    count += 1;
  }

  function walk(node, kind, derived) {
    if (/^(?:FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) rewrite(node, kind, derived);
    for (const [key, value] of Object.entries(node)) {
      for (const child of Array.isArray(value) ? value : [value]) {
        if (typeof child?.type !== 'string') continue;
        const own = key === 'value' && /^(?:constructor|set)$/.test(node.kind ?? '');
        const inside = node.type === 'ClassDeclaration' || node.type === 'ClassExpression';
        const calls = inside ? Boolean(node.superClass) : derived && node.kind !== 'set';
        walk(child, own ? 'nothing' : 'thing', calls);
      }
    }
  }

  walk(tree, 'thing', false);
  const opening = tree.body.filter((node) => node.directive).at(-1)?.end ?? /^#!.*\n?/.exec(text)?.[0].length ?? 0;
  inserts.push([opening, `;${prelude}`]);
  let rest = text.length;
  let made = `\n;globalThis.${name}?.("leave");\n`;
  // From the back, so that the places before stay right; at one place, what was found first comes first.
  for (const [at, what] of inserts.sort(([a], [b]) => a - b).reverse()) {
    made = what + text.slice(at, rest) + made;
    rest = at;
  }
  return [text.slice(0, rest) + made, count];
}

function superCall(node) {
  return node.body.body.find((part) => part.type === 'ExpressionStatement' && part.expression.callee?.type === 'Super');
}

// The body of a call that defines a test, `test('title', () => {...})` or `t.test(...)`; undefined for any other node.
function testBody(node) {
  if (node.type !== 'CallExpression') return undefined;
  const body = node.arguments.at(-1)?.body;
  const callee = node.callee.name ?? node.callee.property?.name ?? '';
  return /^(?:it|test)$/.test(callee) && body?.type === 'BlockStatement' ? body : undefined;
}

function children(node) {
  return Object.values(node).flat().filter((child) => typeof child?.type === 'string');
}

function holdsTest(node) {
  return children(node).some((child) => testBody(child) !== undefined || holdsTest(child));
}

// A block with assertions that catches those that fail, and neither throws nor asserts then: it is what has to be heard.
function swallows(node) {
  if (node.type !== 'TryStatement' || !node.handler) return false;
  return speaks(node.block) && !speaks(node.handler.body) && !(node.finalizer && speaks(node.finalizer));
}

function speaks(node) {
  if (node.type === 'ThrowStatement') return true;
  const callee = node.type === 'CallExpression' ? node.callee.object?.name ?? node.callee.name ?? '' : '';
  return /^(?:assert|expect|fail|reject)$/.test(callee) || children(node).some(speaks);
}

// A test that has tests inside fails with these: if it failed first, they would never run.
function guarded(text, file) {
  const tree = parsed(text, file);
  const inserts = [];
  const titles = [];
  const walk = (node) => {
    const body = testBody(node);
    if (body && !holdsTest(body)) {
      inserts.push((body.body.find(swallows)?.block ?? body).start + 1);
      const title = node.arguments[0].value;
      if (typeof title === 'string') titles.push(`${file}::${title}`);
    }
    children(node).forEach(walk);
  };
  if (tree) walk(tree);
  let made = text;
  for (const at of inserts.sort((a, b) => b - a)) {
    made = `${made.slice(0, at)} if (globalThis.${name}?.("fail")) throw new Error("planted"); ${made.slice(at)}`;
  }
  return [made, titles];
}

let count = 0;
const titles = [];
for (const [at, file] of files.entries()) {
  const [text, found] = (at < Number(number) ? broken : guarded)(readFileSync(file, 'utf8'), file);
  writeFileSync(file, text);
  if (at < Number(number)) count += found;
  else titles.push(...found);
}
process.stdout.write(JSON.stringify({ count, titles }));
