"""What small models get wrong in JavaScript and needs no model to be mended."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from agents.fixers_node import fix_javascript

MODULE = {"package.json": '{\n  "type": "module"\n}\n', "a.js": "export const f = (x) => x;\n"}
NODE = shutil.which("node")


def fixed(text: str, path: str = "a.test.js", staged: dict[str, str] = MODULE) -> str:
    return fix_javascript({path: text}, staged)[path]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("const a = require('./a.js');", "import a from './a.js';"),
        ("const { f, g: h } = require('./a.js');", "import { f, g as h } from './a.js';"),
        ("const f = require('./a.js').f;", "import { f } from './a.js';"),
        ("let g = require('./a.js').f", "import { f as g } from './a.js';"),
        ("module.exports = { f, g };", "export { f, g };"),
        ("module.exports = {\n  f,\n  g,\n};\n", "export { f, g };\n"),
        ("module.exports = f;", "export default f;\nexport { f };"),
    ],
)
def test_commonjs_in_a_module_becomes_import_and_export(before: str, after: str) -> None:
    assert fixed(before, "b.js").rstrip("\n") == after.rstrip("\n")
    assert fixed(before, "b.js", {}) == before
    assert fixed(before, "b.mjs", {}) == fixed(before, "b.js")


@pytest.mark.parametrize(
    "line",
    [
        "const x = require(name);",
        "module.exports = { f: 1 };",
        "module.exports = () => 1;",
        "if (x) require('./a.js');",
    ],
)
def test_what_is_not_plain_stays(line: str) -> None:
    assert fixed(line, "b.js") == line


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("  expect(f(1)).toBe(2);", "  assert.strictEqual(f(1), 2);"),
        ("  expect(f([1])).toEqual([2])", "  assert.deepEqual(f([1]), [2]);"),
        ("  expect(f(1)).not.toBe(2);", "  assert.notStrictEqual(f(1), 2);"),
        ("  expect(() => f()).toThrow(RangeError);", "  assert.throws(() => f(), RangeError);"),
        ("  expect(() => f()).toThrow();", "  assert.throws(() => f());"),
    ],
)
def test_an_expectation_becomes_an_assertion(before: str, after: str) -> None:
    assert after in fixed(f"test('f', () => {{\n{before}\n}});\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("assert.strictEqual(f(1, [2]), [3]);", "assert.deepStrictEqual(f(1, [2]), [3]);"),
        ("assert.equal(f(), { a: 1 }, 'as told');", "assert.deepEqual(f(), { a: 1 }, 'as told');"),
        ("assert.equal([1], f('a, [b]'));", "assert.deepEqual([1], f('a, [b]'));"),
        ("assert.equal(f(1, [2]), 3);", "assert.equal(f(1, [2]), 3);"),
        ("assert.equal([...pool.values()][0], f(2));", "assert.equal([...pool.values()][0], f(2));"),
        ("assert.equal([1, 2].length, f(2));", "assert.equal([1, 2].length, f(2));"),
        ("assert.equal(f('), ['), 3);", "assert.equal(f('), ['), 3);"),
        ("assert.equal(f(", "assert.equal(f("),
        ("assert.notStrictEqual(f(), [3]);", "assert.notStrictEqual(f(), [3]);"),
    ],
)
def test_arrays_and_objects_are_compared_by_what_they_hold(before: str, after: str) -> None:
    assert f"  {after}\n" in fixed(f"test('f', () => {{\n  {before}\n}});\n")


def test_the_words_of_the_test_runner_are_imported() -> None:
    text = fixed("// about f\ndescribe('f', () => {\n  it('is', () => {\n    assert.ok(1);\n  });\n});\n")
    imports = "import { describe, it } from 'node:test';\nimport assert from 'node:assert/strict';\n"
    assert text.startswith(f"// about f\n{imports}")
    assert fixed(text) == text


def test_without_modules_they_are_required() -> None:
    assert fixed("test('f', () => {});\n", staged={}).startswith("const { test } = require('node:test');\n")


def test_a_file_that_imports_is_a_module_whatever_the_package_says() -> None:
    tests = "import { f } from '../a.js';\n\ntest('f', () => {\n  assert.equal(f(1), 1);\n});\n"
    assert fixed(tests, staged={}).startswith("import { test } from 'node:test';\nimport assert from")
    mixed = "const { test } = require('node:test');\nimport { f } from '../a.js';\ntest('f', () => {});\n"
    assert fixed(mixed, staged={}).startswith("import { test } from 'node:test';\nimport { f }")
    assert fixed("export const f = 1;\nmodule.exports = { f };\n", "b.js", {}) == "export const f = 1;\n"
    both = "export async function f() {}\nclass G {}\nmodule.exports = { f, G };\n"
    assert fixed(both, "b.js", {}) == "export async function f() {}\nclass G {}\nexport { G };\n"
    one = "export default class G {}\nmodule.exports = G;\n"
    assert fixed(one, "b.js", {}) == "export default class G {}\nexport { G };\n"
    listed = "function f() {}\nexport { f };\nmodule.exports = { f };\n"
    assert fixed(listed, "b.js", {}) == "function f() {}\nexport { f };\n"
    plain = "const a = require('./a.js');\nconst later = () => import('./b.js');\n"
    assert fixed(plain, "b.js", {}) == plain


@pytest.mark.parametrize(
    "head",
    [
        "import {\n  f,\n} from './a.js';\n",
        "// the ` sign\nimport { f } from './a.js'; // `\n",
        "import path from 'node:path';\nconst __dirname = path.dirname(fileURLToPath(import.meta.url));\n",
        'import "./a.js";\n',
    ],
)
def test_a_module_is_known_by_its_imports(head: str) -> None:
    tests = fixed(f"{head}test('f', () => {{}});\n", staged={})
    assert "import { test } from 'node:test';\n" in tests
    assert "require" not in tests


@pytest.mark.parametrize(
    "text",
    [
        "const fs = require('fs');\nfunction f(p) { return fs.existsSync(p); }\nexports.f = f;\n",
        "const fs = require('fs');\nimportAll();\nfunction importAll() {}\n",
        "const fs = require('fs');\nconst HELP = `\nimport FILE from 'x'\nexport { FILE }\n`;\n",
        "const T = '`'; const fs = require('fs');\nconst HELP = `\nimport x from 'y'\n`;\nmodule.exports = { T };\n",
        "const fs = require('fs');\n/*\nexport default 1;\n*/\n",
        "const fs = require('fs');\nimport x from './x.js';\nif (require.main === module) x();\n",
    ],
)
def test_commonjs_stays_what_it_is(text: str) -> None:
    assert fixed(text, "b.js", {}) == text


def test_assertions_outside_a_test_are_put_into_one() -> None:
    text = fixed("import { f } from './a.js';\n// one\nassert.equal(f(1), 1);\n\nassert.ok(await f(2));\n")
    assert "test('a', async () => {\n  // one\n  assert.equal(f(1), 1);\n\n  assert.ok(await f(2));\n});\n" in text
    assert text.count("import { f } from './a.js';") == 1


@pytest.mark.parametrize(
    ("named", "right"), [("./a.js", "../a.js"), ("../src/a.js", "../a.js"), ("../a.js", "../a.js")]
)
def test_a_path_that_leads_nowhere_is_mended(named: str, right: str) -> None:
    assert f"from '{right}'" in fixed(f"import {{ f }} from '{named}';\n", "tests/a.test.js")


def test_two_files_of_a_name_are_not_guessed() -> None:
    staged = {**MODULE, "lib/a.js": ""}
    assert "from './a.js'" in fixed("import { f } from './a.js';\n", "tests/a.test.js", staged)


def test_other_files_stay_as_they_are() -> None:
    files = {"a.py": "expect(1).toBe(2)\n", "a.js": "const x = 1;\n", "README.md": "assert(1)\n"}
    assert fix_javascript(files, MODULE) == files


@pytest.mark.skipif(NODE is None, reason="needs node")
def test_what_a_small_model_wrote_runs_afterwards(tmp_path: Path) -> None:
    written = {
        "package.json": '{ "type": "module" }\n',
        "chunk.js": "function chunk(list) {\n  return list;\n}\nmodule.exports = chunk;\n",
        "tests/chunk.test.js": "const assert = require('assert');\nconst chunk = require('./chunk.js');\n\n"
        "test('chunk', () => {\n  expect(chunk([1])).toEqual([1]);\n});\n",
    }
    for path, text in fix_javascript(written, {}).items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    done = subprocess.run([str(NODE), "--test"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


def test_a_long_line_is_left_alone_at_once() -> None:
    text = "expect(a).toBe(" * 13_000
    began = time.process_time()
    assert "expect(a)" in fix_javascript({"a.test.js": text}, {})["a.test.js"]
    assert time.process_time() - began < 1
