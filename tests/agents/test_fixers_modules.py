"""A test calls a module where it means the function in it."""

from __future__ import annotations

import pytest

from agents.fixers import fix
from agents.fixers_modules import import_functions

SLUG = {"slug.py": "def slug(text):\n    return text\n"}
CALLS = '\n\ndef test_slug():\n    assert slug("a") == "a"\n'


def fixed(tests: str, staged: dict[str, str] = SLUG) -> str:
    return import_functions({"tests/test_slug.py": tests}, staged)["tests/test_slug.py"]


def test_the_function_is_imported() -> None:
    assert fixed(f"import pytest\nimport slug\n{CALLS}") == f"import pytest\nfrom slug import slug\n{CALLS}"
    both = {"slug.py": SLUG["slug.py"], "tests/test_slug.py": f"import slug{CALLS}"}
    assert fix(both, {})["tests/test_slug.py"] == f"from slug import slug{CALLS}"


@pytest.mark.parametrize(
    "tests",
    [
        f"import slug\n\nslug.slug('a'){CALLS}",
        f"import slug as other{CALLS}",
        f"import slug, sys{CALLS}",
        f"import slug; import sys{CALLS}",
        f"from slug import slug{CALLS}",
        "import slug\n\nprint(slug)\n",
        "import slug\n\nslug(",
    ],
)
def test_a_module_that_is_meant_stays(tests: str) -> None:
    assert fixed(tests) == tests


def test_without_such_a_function_and_outside_tests_all_stays() -> None:
    tests = f"import slug{CALLS}"
    assert fixed(tests, {"slug.py": "def to_slug(text):\n    return text\n"}) == tests
    assert fixed(tests, {}) == tests
    assert import_functions({"main.py": tests}, SLUG) == {"main.py": tests}
