"""How honest is the score? Defects planted in right projects: how many bring it below the threshold, and which do not?

    python -m benchmarks.defects                       without any model, as when the review came to nothing
    python -m benchmarks.defects --provider embedded   with a model's review

Each project is verified as a first draft, once with the black-box examples of a plan and once without, since small
models give none. Where tests are weakened, the right project is the best iteration so far, as it would be in a repair.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path

from rich.console import Console
from rich.table import Table

from agents.base import Verified, Work
from agents.plan import Plan, PlannedFile, complete_criteria, is_test, render
from agents.requirements import number
from agents.verification.box import Sandbox
from agents.verification.examples import Example
from agents.verification.sandbox import choose
from agents.verifier import Verifier
from benchmarks.prompts import Seeded
from benchmarks.solve.hidden import judge, lay_out
from benchmarks.solve.task import Change, Task, read_tasks
from orchestrator.config_file import load
from providers import Completion, FinishReason, Health, Provider, Request, Usage, open_provider
from providers.wire import Listener

THRESHOLD = 8.0
KINDS = (
    "wrong result",
    "missing requirement",
    "missing error handling",
    "hard-coded answer",
    "weakened test",
    "empty test",
)


class Silent:
    """A provider whose model says nothing, so that the review is unmeasured."""

    name = model = "silent"
    context_tokens, max_output_tokens, profile = 16384, 1024, "auto"

    async def complete(self, request: Request, listener: Listener | None = None) -> Completion:  # noqa: ARG002
        return Completion("", FinishReason.STOP, Usage(), self.name, self.model)

    async def health(self) -> Health:
        return Health(self.model)

    async def aclose(self) -> None: ...


@dataclass(frozen=True)
class Judged:
    """What the Verifier makes of one project."""

    task: str
    defect: Change | None
    """None: the right project."""
    with_examples: Verified
    without: Verified
    hidden: bool
    """The task's hidden tests accept it."""

    @property
    def caught(self) -> bool:
        return self.with_examples.score < THRESHOLD

    @property
    def caught_without(self) -> bool:
        return self.without.score < THRESHOLD


async def examine(tasks: Sequence[Task], provider: Provider, say: Callable[[Judged], None]) -> list[Judged]:
    """All right projects, and all defects in them. Raises SandboxUnavailable and ProviderError."""
    sandbox = await asyncio.to_thread(choose, "auto")
    verifier = Verifier(provider, threshold=THRESHOLD, sandbox=sandbox)
    judged: list[Judged] = []
    for task in tasks:
        right = await _judge(task, None, verifier, provider, sandbox, None)
        say(right)
        judged.append(right)
        for defect in task.defects:
            judged.append(await _judge(task, defect, verifier, provider, sandbox, right))
            say(judged[-1])
    return judged


async def _judge(
    task: Task, defect: Change | None, verifier: Verifier, provider: Provider, sandbox: Sandbox, right: Judged | None
) -> Judged:
    whole = {**task.reference, **task.tests}
    work = Work(task.name, 1, task.requirements, Seeded(provider, 1, provider.model))
    if defect and right and defect.kind == "weakened test":
        work = replace(work, previous_tests=whole, previous_passed=right.with_examples.passed)
    work = replace(work, staged=defect.applied(whole) if defect else whole)
    with tempfile.TemporaryDirectory(prefix="tumbler-defects-") as folder:
        lay_out(Path(folder), {path: text.encode() for path, text in work.staged.items()})
        work = replace(work, snapshot=Path(folder))
        verdicts = [await verifier.run(replace(work, plan=plan_of(task, examples=e))) for e in (True, False)]
    shown, without = (verdict for verdict in verdicts if isinstance(verdict, Verified))
    hidden = await judge({path: text.encode() for path, text in work.staged.items()}, task, sandbox)
    return Judged(task.name, defect, shown, without, hidden.right)


def plan_of(task: Task, *, examples: bool) -> str:
    """PLAN.md as a good Architect would write it."""
    return render(
        Plan(
            name=task.name,
            overview=task.requirements.partition("\n")[0],
            stack="standard library",
            files=tuple(PlannedFile(path) for path in (*task.reference, *task.tests)),
            criteria=complete_criteria([], number(task.requirements)),
            examples=tuple(map(_example, task.examples)) if examples else (),
        )
    )


def _example(entry: Mapping[str, object]) -> Example:
    fields = {"stdin": "", "stdout": None, "exit": 0, "files": {}, **entry, "run": tuple(entry["run"])}  # type: ignore[arg-type]
    return Example(**fields)  # type: ignore[arg-type]


def table(judged: Sequence[Judged]) -> Table:
    """One line a defect; the right projects are those without one."""
    made = Table("project", "kind", "defect", "score", "without examples", "what was seen")
    for one in judged:
        defect = one.defect or Change("", (), "right")
        seen = ", ".join(sorted(one.with_examples.failed)[:2]) or one.with_examples.summary
        scores = (f"{verified.score:.1f}" for verified in (one.with_examples, one.without))
        made.add_row(one.task, defect.kind, defect.title, *scores, seen)
    return made


def summary(judged: Sequence[Judged]) -> Iterator[str]:
    """How many were seen, by kind, and those that were not."""
    right = [one for one in judged if not one.defect]
    planted = [one for one in judged if one.defect]
    below = [one for one in right if one.caught or one.caught_without]
    yield f"{len(right)} right projects, {len(below)} of them below {THRESHOLD}: {_named(below) or 'none'}"
    odd = [one for one in judged if one.hidden is _is_wrong(one.defect)]
    yield f"hidden tests accept right code and refuse all other, except: {_named(odd) or 'none'}"
    for kind in ("all kinds", *KINDS):
        group = [one for one in planted if one.defect and kind in (one.defect.kind, "all kinds")]
        seen, without = sum(one.caught for one in group), sum(one.caught_without for one in group)
        yield f"{kind}: {seen} of {len(group)} below {THRESHOLD}; without examples in the plan {without}"
    for what, missed in (
        ("not seen", [one for one in planted if not one.caught]),
        ("not seen without examples", [one for one in planted if one.caught and not one.caught_without]),
    ):
        yield f"{what}: {_named(missed) or 'none'}"


def _is_wrong(defect: Change | None) -> bool:
    """Whether the code is wrong, and not only its tests."""
    return defect is not None and not all(is_test(edit.path) for edit in defect.edits)


def _named(judged: Sequence[Judged]) -> str:
    return "".join(f"\n  - {one.task}: {one.defect.title if one.defect else 'right'}" for one in judged)


async def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else 150)
    tasks = [task for task in read_tasks() if task.defects and fnmatch(task.name, options.tasks)]
    provider = open_provider(load(options.config).providers[options.provider]) if options.provider else Silent()
    try:
        await provider.health()
        judged = await examine(tasks, provider, lambda one: console.print(f"{one.task}: {_line(one)}", markup=False))
    finally:
        await provider.aclose()
    console.print(table(judged))
    for line in summary(judged):
        console.print(line, markup=False)


def _line(one: Judged) -> str:
    what = f"{one.defect.kind}: {one.defect.title}" if one.defect else "right"
    return f"{one.with_examples.score} ({one.without.score} without examples) {what}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, help="a config.yaml with the provider")
    parser.add_argument("--provider", help="asks this one's model for reviews")
    parser.add_argument("--tasks", default="*", help="a pattern")
    return parser


if __name__ == "__main__":
    asyncio.run(main())
