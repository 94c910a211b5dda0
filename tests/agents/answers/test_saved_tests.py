"""Of an unfinished block the tests that are whole are kept, and nothing else."""

from __future__ import annotations

import pytest

from agents.answers import saved_tests

HEAD = "### FILE: tests/test_a.py\n```python\nfrom a import f\n\n\ndef test_f():\n    assert f(1) == 2\n"
KEPT = "from a import f\n\n\ndef test_f():\n    assert f(1) == 2\n"


@pytest.mark.parametrize(
    ("noise", "kept"),
    [
        ("    assert f(x=2) == 3\n" * 9 + "    assert f(", "    assert f(x=2) == 3\n"),
        ("    assert f(1) == 2\n" * 9 + "    assert f(1) == 2", ""),
        ("    x = f(3)\n    assert x == 4\n" * 5 + "    x = f", "    x = f(3)\n    assert x == 4\n"),
        ("    assert f('" + "()[]" * 300, ""),
        ("    b = 1\n" + "".join(f"    assert f({n}) == 7\n" for n in range(20)), "    b = 1\n    assert f(0) == 7\n"),
        ("    assert f(2) == 3\n\n\n@mark(\n    'a',\n    'b", "    assert f(2) == 3\n"),
    ],
    ids=["a line", "the line before it", "two in turn", "inside a line", "numbered", "inside a statement"],
)
def test_the_tests_before_noise_are_kept(noise: str, kept: str) -> None:
    assert saved_tests(HEAD + noise) == {"tests/test_a.py": KEPT + kept}


JS_HEAD = "### FILE: tests/a.test.js\n```js\nimport assert from 'node:assert';\n\n"
JS_TEST = "test('one', () => {\n  assert.equal(f(1), 2);\n});\n"


@pytest.mark.parametrize("cut", ["\ntest('two', () => {\n  assert.equal(f([1, 2", "\ntest('two'"])
def test_of_javascript_the_whole_tests_are_kept(cut: str) -> None:
    kept = saved_tests(JS_HEAD + JS_TEST + cut)
    assert kept == {"tests/a.test.js": "import assert from 'node:assert';\n\n" + JS_TEST}


@pytest.mark.parametrize(
    "body",
    [
        "test('one', () => {\n  f(1);\n});\n\ntest('tw",
        "test('one', () => {\n  assert.equal(f(1",
        JS_TEST + "test('two', () => {\n" + "  f(1);\n" * 60,
        "",
    ],
    ids=["checks nothing", "not one is whole", "most of it is lost", "empty"],
)
def test_of_javascript_that_checks_nothing_or_is_mostly_lost_nothing_is_kept(body: str) -> None:
    assert saved_tests(JS_HEAD + body) == {}


def test_files_before_the_last_one_are_left_to_the_reader_of_replies() -> None:
    reply = "### FILE: a.py\n```python\nf = abs\n```\n\n" + HEAD + "    assert f(2) == 2\n" * 9
    assert list(saved_tests(reply)) == ["tests/test_a.py"]


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "def test_a(): ...",
        HEAD + "```\n",
        "### FILE: a.py\n```python\ndef f(x):\n    y = 1\n" + "    y += 1\n" * 20,
        "### FILE: tests/test_a.py\n```python\ndef test_f():\n" + "    print(1)\n" * 20,
        "### FILE: tests/test_a.py\n```python\nCASES = [\n" + "    (1, 2),\n" * 20,
        "### FILE: ../../test_a.py\n```python\ndef test_f():\n" + "    assert 1\n" * 20,
        "### FILE: a.test.js\n```js\ntest('f', () => {\n" + "  assert.ok(f());\n" * 20,
    ],
    ids=[
        "nothing",
        "no block",
        "closed",
        "no test",
        "asserts nothing",
        "does not parse",
        "outside",
        "another language",
    ],
)
def test_what_cannot_be_told_is_not_kept(reply: str) -> None:
    assert saved_tests(reply) == {}
