"""Of a round that mends one thing and breaks another, the good part stays."""

from __future__ import annotations

from collections.abc import Mapping

from agents.base import Built
from agents.bisection import MOST_FILES, better_part

BEST = {"a.py": "old", "b.py": "old", "t/test_a.py": "old"}


async def run(files: Mapping[str, str]) -> frozenset[str]:
    """Test `a` passes with the new a.py, `b` with the old b.py, `c` always; without b.py nothing passes."""
    if "b.py" not in files:
        return frozenset()
    passed = {"c"} | ({"a"} if files["a.py"] == "new" else set())
    return frozenset(passed | ({"b"} if files["b.py"] == "old" else set()))


async def part(now: dict[str, str], passed: set[str], before: frozenset[str] = frozenset({"b", "c"})) -> Built | None:
    return await better_part(BEST, now, before, frozenset(passed), run)


async def test_the_file_that_broke_something_is_put_back() -> None:
    assert await part({**BEST, "a.py": "new", "b.py": "new"}, {"a", "c"}) == Built({"b.py": "old"})


async def test_a_new_file_that_is_not_needed_goes_and_tests_may_stay() -> None:
    now = {**BEST, "a.py": "new", "b.py": "new", "extra.py": "new", "t/test_a.py": "new"}
    found = await part(now, {"a", "c"})
    assert found is not None
    assert found.files["b.py"] == "old"
    assert found.deleted <= {"extra.py"}


async def test_a_file_that_was_deleted_comes_back() -> None:
    found = await part({"a.py": "new", "t/test_a.py": "old"}, {"a"})
    assert found == Built({"b.py": "old"})


async def test_without_loss_without_gain_or_with_one_file_there_is_nothing_to_divide() -> None:
    both = {**BEST, "a.py": "new", "b.py": "new"}
    assert await part(both, {"a", "b", "c"}) is None
    assert await part(both, {"c"}) is None
    assert await part({**BEST, "b.py": "new"}, {"a", "c"}) is None
    assert await part({**both, **{f"f{n}.py": "new" for n in range(MOST_FILES)}}, {"a", "c"}) is None


async def test_when_no_part_is_better_the_round_is_judged_whole() -> None:
    async def nothing(_: Mapping[str, str]) -> frozenset[str]:
        return frozenset({"c"})

    now = {**BEST, "a.py": "new", "b.py": "new"}
    assert await better_part(BEST, now, frozenset({"b", "c"}), frozenset({"a", "c"}), nothing) is None
