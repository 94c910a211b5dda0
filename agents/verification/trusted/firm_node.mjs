// Keeps the assertions as they are in a process that runs tests: `--import=firm_node.mjs`. More may be added to them.

import assert from 'node:assert';
import process from 'node:process';

// What a test starts is as its user would start it.
delete process.env.NODE_OPTIONS;

for (const owner of [assert, assert.strict, assert.AssertionError.prototype]) {
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
    if (typeof value === 'function') Object.defineProperty(owner, name, { writable: false, configurable: false });
  }
}
