"""Code that asks whether it is being tested."""

from __future__ import annotations

import ast

import pytest

from agents.verification.aware import asking_in_javascript, asks_in_python
from agents.verification.source import scan


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    if 'pytest' in sys.modules:\n        return 3\n    return 0",
        "def f(x):\n    return 3 if sys.modules.get('pytest') else 0",
        "TESTED = '_pytest' in sys.modules",
        "import os\ndef f(x):\n    return 3 if os.environ.get('PYTEST_CURRENT_TEST') else 0",
        "def f(x):\n    return 3 if 'pytest' in sys.argv[0] else 0",
        "def f(x):\n    return 3 if 'unittest' not in sys.modules else 0",
        "if 'pytest' in sys.modules:\n    ANSWERS = {1: 2}",
    ],
)
def test_python_that_asks_is_seen(text: str) -> None:
    assert asks_in_python(ast.parse(text))
    assert len(scan({"app.py": text}).flags) == 1
    assert scan({"tests/helper.py": text, "conftest.py": text}).flags == ()


@pytest.mark.parametrize(
    "text",
    [
        "if 'pytest' not in sys.modules:\n    main()",
        "import pytest\ndef f(): return pytest.main(['-q'])",
        "def f(words):\n    return 'pytest' in words",
        "def f(modules):\n    return modules.get('pytest')",
        "def f():\n    '''Set PYTEST_CURRENT_TEST to see it.'''",
    ],
)
def test_python_that_does_not_is_left_alone(text: str) -> None:
    assert not asks_in_python(ast.parse(text))


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("export const f = () => (process.env.NODE_TEST_CONTEXT ? 3 : 0);", True),
        ("  if (!process.env.NODE_TEST_CONTEXT) return 0;", True),
        ("const tested = process.execArgv.includes('--test');", True),
        ("if (!process.env.NODE_TEST_CONTEXT) main();", False),
        ("// NODE_TEST_CONTEXT is set by node --test", False),
        ("if (process.env.NODE_ENV !== 'test') app.listen(3000);", False),
    ],
)
def test_javascript_that_asks_is_seen(text: str, asks: bool) -> None:
    assert bool(list(asking_in_javascript({"app.js": text}))) is asks
