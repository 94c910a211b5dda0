"""Code that asks whether it is being tested."""

from __future__ import annotations

import ast

import pytest

from agents.verification.aware import asking_in_javascript, asks_in_python
from agents.verification.source import scan

TESTING = "const testing = process.env.NODE_TEST_CONTEXT !== undefined;"


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    if 'pytest' in sys.modules:\n        return 3\n    return 0",
        "def f(x):\n    return 3 if sys.modules.get('pytest') else 0",
        "TESTED = '_pytest' in sys.modules",
        "TESTED = 'py' + 'test' in sys.modules",
        "def f(x):\n    return 3 if any(name.startswith('_py') for name in sys.modules) else 0",
        "def f(x):\n    for name in sys.modules:\n        if 'unittest' == name:\n            return 3",
        "def f(x):\n    return 3 if any('pytest' in part.filename for part in inspect.stack()) else 0",
        "import os\ndef f(x):\n    return 3 if os.environ.get('PYTEST_CURRENT_TEST') else 0",
        "def f(x):\n    return 3 if 'pytest' in sys.argv[0] else 0",
        "def f(x):\n    return 3 if 'unittest' not in sys.modules else 0",
        "if 'pytest' in sys.modules:\n    ANSWERS = {1: 2}",
        "if 'pytest' in sys.modules:\n    globals().update(add=lambda a, b: a + b)",
        "if 'pytest' not in sys.modules:\n    globals().update(add=lambda a, b: a - b)",
        "if not ('pytest' not in sys.modules):\n    patch()",
        "if not quiet and 'pytest' in sys.modules:\n    patch()",
        "if 'pytest' not in sys.modules:\n    main()\nelse:\n    patch()",
        "TESTING = 'pytest' in sys.modules\nif TESTING:\n    patch()",
        "TESTING = 'pytest' in sys.modules\nif not TESTING:\n    main()\ndef f(x):\n    return 3 if TESTING else 0",
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
        "loaded = [name for name in sys.modules if name.startswith('plugins.')]",
        "callers = [part.function for part in inspect.stack() if part.function != 'log']",
        "chosen = [argument for argument in sys.argv if argument.startswith('-')]",
        "if __name__ == '__main__' and not ('pytest' in sys.modules or 'unittest' in sys.modules):\n    main()",
        "if os.environ.get('PYTEST_CURRENT_TEST') is None:\n    main()",
        "TESTING = 'pytest' in sys.modules\nif not TESTING:\n    main()",
        "TESTING: bool = 'pytest' in sys.modules\nif __name__ == '__main__' and not TESTING:\n    main()",
        "ALONE = 'pytest' not in sys.modules\nif ALONE:\n    main()",
        "def f(x):\n    return 'pytest' in (" + "+".join(["'a'"] * 400) + ")",
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
        ("if (process.env.NODE_TEST_CONTEXT) { exports.add = (a, b) => a + b; }", True),
        ("if (process.env.NODE_TEST_CONTEXT) patch();", True),
        ("if (!!process.env.NODE_TEST_CONTEXT) patch();", True),
        ("if (!process.env.NODE_TEST_CONTEXT) { exports.add = (a, b) => a - b; }", True),
        ("if (!process.env.NODE_TEST_CONTEXT) {\n  add = (a, b) => a - b;\n}", True),
        ("if (!process.env.NODE_TEST_CONTEXT) main();\nelse add = () => 3;", True),
        (f"{TESTING}\nif (testing) patch();", True),
        (f"{TESTING}\nif (!testing) main();\nexport const f = () => (testing ? 3 : 0);", True),
        (f"{TESTING}\nif (!testing) main();", False),
        (f"{TESTING} if (!testing) main();", False),
        (f"{TESTING} if(!testing) main();", False),
        (TESTING.replace("= p", "=\n  p") + "\n\nif (!testing) {\n  process.exitCode = main();\n}\n", False),
        (f"{TESTING}\nif (require.main === module && !testing) {{\n  main();\n}}", False),
        ("const alone = !process.env.NODE_TEST_CONTEXT;\nif (alone) main();", False),
        (
            "if (!process.execArgv.includes('--test')) {\n  const port = 80;\n  app.listen(port, () => log(1));\n}",
            False,
        ),
        ("if (process.env.NODE_TEST_CONTEXT === undefined) main().catch((e) => {\n  exit(1);\n});", False),
        ("// NODE_TEST_CONTEXT is set by node --test", False),
        ("if (process.env.NODE_ENV !== 'test') app.listen(3000);", False),
    ],
)
def test_javascript_that_asks_is_seen(text: str, asks: bool) -> None:
    assert bool(list(asking_in_javascript({"app.js": text}))) is asks
