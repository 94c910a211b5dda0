"""What the Engineer is asked for, one question at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.base import Work
from agents.briefing import findings, listed
from agents.outline import is_source, read_plan
from agents.plan import is_test
from agents.tiers import Profile
from agents.verification.cause import broken_file


@dataclass(frozen=True)
class Step:
    """One question to the model."""

    purpose: str
    """Under which the call is booked."""
    orders: str
    """Name of the prompt that says how to answer."""
    task: str
    paths: tuple[str, ...] = ()
    """The files that are asked for; empty when the answer decides."""
    most_tokens: int | None = None
    """The longest answer, when it is shorter than the model's usual one."""
    begins: str = ""
    """The file that the answer begins with. A small model repeats what it is shown, unless it is told that."""

    @property
    def only_code(self) -> bool:
        """Whether the tests are asked for apart."""
        return bool(self.paths) and not any(map(is_test, self.paths))


OTHERWISE = Step(
    "otherwise",
    "engineer_repair",
    "Your last answer left every file as it was, so what was found is still wrong. Repair it in another way. "
    "Send only the files that change, each of them whole.",
)


def steps(work: Work, profile: Profile) -> list[Step]:
    """One for a repair and for a small plan, several for a large one."""
    if work.staged:
        return [_mend(aim)] if (aim := aim_of(work, profile)) else [_repair(work)]
    planned = planned_files(work)
    if not planned or (len(planned) <= profile.files_per_call and profile.test_tokens is None):
        named = f": {listed(planned)}" if planned else ""
        return [Step("build", "engineer", f"Now write all files, the tests too{named}.{_few_tests(profile)}")]
    return [_part(group, profile) for group in _groups(planned, profile.files_per_call)]


def _part(group: Sequence[str], profile: Profile) -> Step:
    task = f"Now write {listed(group)}, no other file."
    if not all(map(is_test, group)):
        return Step("build", "engineer", task, tuple(group))
    most = None if profile.test_tokens is None else profile.test_tokens * len(group)
    return Step("build", "engineer", task + _few_tests(profile), tuple(group), most, group[0] if most else "")


def _few_tests(profile: Profile) -> str:
    """Small models write one assertion after the other until they are stopped, and the later ones are wrong."""
    return "" if profile.invents else " Write at most 6 short tests."


def missing(paths: Sequence[str], rejected: Mapping[str, str]) -> Step:
    """Only these files, told why they were not taken before. `rejected`: path -> reason."""
    name = "engineer_tests" if all(map(is_test, paths)) else "engineer"
    reasons = "".join(f"\n- {rejected[path]}" for path in paths if path in rejected)
    heard = f"\n\nYour last answer was not taken:{reasons}" if reasons else ""
    return Step("missing", name, f"Write {listed(paths)}, whole, and no other file.{heard}")


def planned_files(work: Work) -> list[str]:
    """Paths of what the plan wants written, without what the program makes when it runs."""
    return [file.path for file in read_plan(work.plan) if is_source(file.path)]


def _groups(paths: Sequence[str], size: int) -> list[Sequence[str]]:
    """Programs before their tests, `size` at a time."""
    code = [path for path in paths if not is_test(path)]
    tests = [path for path in paths if is_test(path)]
    return [part[start : start + size] for part in (code, tests) for start in range(0, len(part), size)]


def aim_of(work: Work, profile: Profile) -> str:
    """The program file in which the code broke down, when that is what a small model is asked to mend; else empty.

    It mends an error that has a place, and writes a value that is wrong the same way again.
    """
    path = broken_file(work.cause)
    aimed = not profile.invents and path in work.staged and not is_test(path)
    return path if aimed and findings(work) else ""


def _mend(path: str) -> Step:
    task = f"Repair `{path}`: write it anew, whole, so that this error cannot happen, and no other file."
    return Step("repair", "engineer_repair", task, (path,), begins=path)


def _repair(work: Work) -> Step:
    if findings(work):
        task = "Repair the program. Send only the files that change, each of them whole."
    else:
        task = "Bring the files in line with requirements and plan. Send each file that changes or is new, whole."
    return Step("repair", "engineer_repair", task)
