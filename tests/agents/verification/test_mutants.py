"""Small faults that are put into a program."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest

from agents.verification.mutants import MOST, mutants

CODE = """class Broke(ValueError):
    pass


def pay(amount, balance):
    if amount > balance:
        raise Broke(amount)
    return [balance - amount, "paid"]


def note(book, text):
    book.append(text)
"""


def whats(text: str, path: str = "a.py") -> list[str]:
    return [mutant.what for mutant in mutants({path: text})]


def test_each_kind_of_fault_is_put_in_once_where_it_can_be() -> None:
    assert whats(CODE) == [
        "in a.py pay() returns another value",
        "in a.py note() does nothing",
        "in a.py `raise Broke(amount)` is left out",
        "in a.py `raise Broke(amount)` raises ValueError",
        "in a.py `amount > balance` becomes `amount >= balance`",
    ]


def test_every_fault_changes_what_the_program_does_and_lets_it_load() -> None:
    for mutant in mutants({"a.py": CODE}):
        space: dict[str, Any] = {}
        exec(mutant.text, space)
        assert mutant.text != CODE


@pytest.mark.parametrize("value", [True, 3, 1.5, "ab", "xx", "x", [1, 2], [1, 1], [1], (1,), ("a", "a"), {"a": 1}])
def test_another_value_is_of_the_same_kind_and_size(value: Any) -> None:
    space: dict[str, Any] = {}
    exec(mutants({"a.py": "def same(value):\n    return value\n"})[0].text, space)
    other = space["same"](value)
    assert other != value
    assert type(other) is type(value)
    assert not hasattr(value, "__len__") or len(other) == len(value)


def test_a_fault_in_a_file_with_a_future_import_leaves_it_first() -> None:
    text = '"""About."""\nfrom __future__ import annotations\n\n\ndef f():\n    return 1\n'
    compile(mutants({"a.py": text})[0].text, "a.py", "exec")


def test_functions_inside_others_keep_what_they_give() -> None:
    text = "def f(items):\n    def key(item):\n        return -item\n\n    return sorted(items, key=key)\n"
    first = mutants({"a.py": text})[0].text
    assert "return -item" in first


def test_a_pattern_loses_its_repetition() -> None:
    text = "import re\n\n\ndef f(text):\n    return re.split(r'\\d+', text)\n"
    assert "in a.py the pattern '\\\\d+' becomes '\\\\d'" in whats(text)


JAVASCRIPT = """export class Till {
  add(price) {
    if (price < 0) {
      throw new RangeError("price");
    }
    this.sum += price;
  }

  total() {
    // return nothing;
    return this.sum;
  }
}
"""


def test_javascript_gets_the_same_kinds() -> None:
    kinds = [re.sub(r"`.*`", "...", what) for what in whats(JAVASCRIPT, "till.js")]
    assert kinds == [
        "in till.js ... gives another value",
        "in till.js ... does nothing",
        "in till.js ... is left out",
        "in till.js ... throws another error",
        "in till.js ... becomes another comparison",
    ]


def test_there_are_never_too_many_and_all_files_get_their_share() -> None:
    files = {f"{name}.py": CODE * 9 for name in "abc"}
    found = mutants(files)
    assert len(found) == MOST
    assert {mutant.path for mutant in found} == files.keys()


def test_what_does_not_parse_has_none() -> None:
    assert mutants({"a.py": "def f(:", "b.txt": "x"}) == ()


DEEP = [" + ".join(["'a'"] * 400), "0x" + "f" * 4000]


@pytest.mark.parametrize("value", DEEP, ids=["deep", "long"])
def test_a_file_that_cannot_be_written_again_has_none_and_others_have_theirs(value: str) -> None:
    found = mutants({"a.py": f"X = {value}\n\n\n{CODE}", "b.py": CODE})
    assert {mutant.path for mutant in found} == {"b.py"}


def test_no_more_are_made_than_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    unparse = ast.unparse

    def noted(node: ast.AST) -> str:
        made.append(type(node).__name__)
        return unparse(node)

    monkeypatch.setattr(ast, "unparse", noted)
    assert len(mutants({f"{name}.py": CODE for name in "abcdefgh"}, most=2)) == 2
    assert made.count("Module") == 2
