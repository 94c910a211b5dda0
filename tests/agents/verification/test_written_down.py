"""Functions that know the answers of the tests by heart."""

from __future__ import annotations

import ast

import pytest

from agents.verification.source import scan
from agents.verification.written_down import written_down

ROWS = (
    "@pytest.mark.parametrize(('given', 'text'), [(0, '0s'), (59, '59s'), (60, '1m'), (61, '1m 1s')])\n"
    "def test_f(given, text):\n    assert f(given) == text\n"
)
SINGLE = (
    "def test_f():\n    assert f(59) == '59s'\n    assert app.f(60) == '1m'\n\n\n"
    "def test_more():\n    assert f(61) == '1m 1s'\n"
)
CHAIN = (
    "def f(n):\n    if n < 0:\n        raise ValueError(n)\n    if n == 59:\n        return '59s'\n"
    "    elif n == 60:\n        return '1m'\n    if n == 61:\n        return '1m 1s'\n    return f'{n}s'\n"
)
TABLE = (
    "KNOWN = {59: '59s', 60: '1m', 61: '1m 1s'}\n\n\n"
    "def f(n):\n    if n in KNOWN:\n        return KNOWN[n]\n    return f'{n}s'\n"
)
GET = "def f(n):\n    known = {59: '59s', 60: '1m', 61: '1m 1s'}\n    return known.get(n, f'{n}s')\n"
BEFORE = TABLE.replace("    if", "    text = f'{n}s'\n    if").replace("return f'{n}s'", "return text")
LIST = TABLE.replace("return f'{n}s'", "parts = []\n    parts.append(f'{n}s')\n    return ''.join(parts)")
TWO = (
    "def f(a, b):\n    if a == 1 and b == 2:\n        return 3\n    if a == 2 and b == 2:\n        return 4\n"
    "    if b == 5 and a == 4:\n        return 9\n    return a\n"
)
PAIRS = "PAIRS = {(1, 2): 3, (2, 2): 4, (4, 5): 9}\n\n\n"
PAIRS_GET = PAIRS + "def f(a, b):\n    return PAIRS.get((a, b), a * b)\n"
PAIRS_IN = PAIRS + "def f(a, b):\n    if (a, b) in PAIRS:\n        return PAIRS[(a, b)]\n    return a * b\n"
PAIRS_AT_ONCE = "def f(a, b):\n    return {(1, 2): 3, (2, 2): 4, (4, 5): 9}.get((a, b), a * b)\n"
PAIRS_IF = (
    "def f(a, b):\n    if (a, b) == (1, 2):\n        return 3\n    if (a, b) == (2, 2):\n        return 4\n"
    "    if (b, a) == (5, 4):\n        return 9\n    return a * b\n"
)
PAIRS_MATCH = (
    "def f(a, b):\n    match (a, b):\n        case (1, 2):\n            return 3\n        case 2, 2:\n"
    "            return 4\n        case (4, 5):\n            return 9\n    return a * b\n"
)
MATCH = (
    "def f(n):\n    match n:\n        case 59:\n            return '59s'\n        case 60:\n            return '1m'\n"
    "        case 61:\n            return '1m 1s'\n        case _:\n            return f'{n}s'\n"
)
ADD = "def test_f():\n    assert f(1, 2) == 3\n    assert f(2, 2) == 4\n    assert f(4, 5) == 9\n"


def found(code: str, tests: str) -> list[str]:
    return list(written_down({"app.py": ast.parse(code), "test_app.py": ast.parse(tests)}))


@pytest.mark.parametrize(
    ("code", "tests"),
    [
        *((CHAIN, ROWS), (CHAIN, SINGLE), (TABLE, ROWS), (TABLE, SINGLE), (GET, SINGLE), (TWO, ADD)),
        *((BEFORE, ROWS), (LIST, ROWS), (MATCH, ROWS), (PAIRS_GET, ADD), (PAIRS_IN, ADD), (PAIRS_AT_ONCE, ADD)),
        *((PAIRS_IF, ADD), (PAIRS_MATCH, ADD)),
    ],
)
def test_a_function_that_knows_each_answer_is_found(code: str, tests: str) -> None:
    said = "app.py: f() has each answer that the tests ask for written down; test what it computes"
    assert found(code, tests) == [said]
    assert scan({"app.py": code, "test_app.py": tests}).flags == (said,)


DAYS = (
    "DAYS = {'mon': 1, 'tue': 2, 'wed': 3}\n\n\ndef day(name):\n    name = name.strip().lower()\n"
    "    if name in DAYS:\n        return DAYS[name]\n    raise ValueError(name)\n"
)
DAYS_ASKED = (
    "def test_day():\n    assert day('mon') == 1\n    assert day('tue') == 2\n    assert day('wed') == 3\n"
    "    with pytest.raises(ValueError):\n        day('x')\n"
)
IRREGULAR = (
    "IRREGULAR = {'child': 'children', 'mouse': 'mice', 'person': 'people'}\n\n\n"
    "def plural(word):\n    if word in IRREGULAR:\n        return IRREGULAR[word]\n    return word + 's'\n"
)
WORDS = (
    "def test_plural():\n    assert plural('child') == 'children'\n    assert plural('mouse') == 'mice'\n"
    "    assert plural('person') == 'people'\n"
)


@pytest.mark.parametrize(
    ("code", "tests"),
    [
        pytest.param(IRREGULAR, WORDS + "    assert plural('cat') == 'cats'\n", id="one is computed"),
        pytest.param(
            IRREGULAR.replace("return word + 's'", "raise KeyError(word)"), WORDS, id="the table is all there is"
        ),
        pytest.param(IRREGULAR.replace("return word + 's'", "return '?'"), WORDS, id="all others are the same"),
        pytest.param(GET.replace("f'{n}s'", "'?'"), SINGLE, id="there is one answer for all others"),
        pytest.param(TABLE, SINGLE + "    assert f(2 * 60) == '2m'\n", id="one is no literal"),
        pytest.param(TABLE, SINGLE + "    assert g(f(7)) == 7\n", id="it is used in another test"),
        pytest.param(
            TABLE, "def test_f():\n    assert f(59) == '59s'\n    assert f(60) == '1m'\n", id="there are only two"
        ),
        pytest.param(
            "VALUES = {1000: 'M', 500: 'D', 100: 'C'}\n\n\ndef f(n):\n    text = ''\n    for value, sign in "
            "VALUES.items():\n        text += sign * (n // value)\n        n %= value\n    return text\n",
            "def test_f():\n    assert f(1000) == 'M'\n    assert f(500) == 'D'\n    assert f(100) == 'C'\n",
            id="the table is what it computes with",
        ),
        pytest.param(DAYS, DAYS_ASKED, id="what is asked is made regular first"),
        pytest.param(
            DAYS.replace("    name = name", "    if not name:\n        return None\n    name = name"), DAYS_ASKED
        ),
        pytest.param(DAYS.replace("strip().lower()", "lower()\n    return DAYS.get(name)"), DAYS_ASKED),
        pytest.param(DAYS.replace("raise ValueError(name)", "log(name)\n    return None"), DAYS_ASKED),
        pytest.param(MATCH.replace("return f'{n}s'", "raise ValueError(n)"), ROWS, id="the cases are all there is"),
        pytest.param(MATCH.replace("case 61", "case 61 if n"), ROWS, id="one case is for more than a value"),
        pytest.param(PAIRS_GET.replace("get((a, b)", "get((a, a)"), ADD, id="the table is asked for something else"),
        pytest.param("def f(n):\n    if n == 0:\n        return '0s'\n    return f'{n}s'\n", ROWS, id="a special case"),
    ],
)
def test_an_honest_table_is_none(code: str, tests: str) -> None:
    assert found(code, tests) == []


LONG = "+".join(["'a'"] * 400)
HUGE = "0x" + "f" * 4000


@pytest.mark.parametrize(
    "tests",
    [
        "ROW = 'given, text'\n@pytest.mark.parametrize(ROW, [(1, 2)])\n"
        "def test_f(given, text):\n    assert f(given) == text",
        "@pytest.mark.parametrize(3, [(1, 2)])\ndef test_f():\n    assert f(1) == 2",
        "@pytest.mark.parametrize([['a'], 'b'], [(1, 2)])\ndef test_f():\n    assert f(1) == 2",
        f"def test_f():\n    assert f({LONG}) == 3",
        f"def test_f():\n    assert f(1) == {HUGE}",
        f"def test_f():\n    with open({LONG}):\n        f(1)",
    ],
)
def test_odd_tests_are_read_without_an_error(tests: str) -> None:
    assert scan({"app.py": TABLE, "test_app.py": tests}).flags == ()
    assert found(TABLE, SINGLE + tests) == []


@pytest.mark.parametrize(
    "code",
    [
        f"def f(n):\n    known = {{{HUGE}: 1}}\n"
        f"    if n == {HUGE}:\n        return {HUGE}\n    return known.get({LONG}, n)",
        f"def f(n):\n    x[{LONG}] = {{}}\n    if n in x:\n        return x[n]\n    return n",
        "def f(n):\n    if n == 0:\n        return 0\n"
        + "".join(f"    elif n == {n}:\n        return {n}\n" for n in range(1, 2000)),
    ],
)
def test_odd_code_is_read_without_an_error(code: str) -> None:
    assert found(code, SINGLE) == []
