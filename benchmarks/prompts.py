"""How well the prompts work on a model: real Architect, Engineer and sandbox, a hidden check of each program.

    python -m benchmarks.prompts --embedded auto
    python -m benchmarks.prompts --url http://127.0.0.1:8080 --model local --tasks fibonacci,roman --seeds 1,2,3

For each task and seed one line an iteration: files read, hidden check, own tests, score, tokens written, seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from agents.architect import Architect
from agents.base import UnusableReply, Work
from agents.engineer import Engineer
from agents.plan import render_examples
from agents.verification.evidence import Evidence
from agents.verification.examples import Example
from agents.verification.feedback import feedback
from agents.verification.review import Review
from agents.verification.sandbox import choose
from agents.verification.score import score
from agents.verification.settings import VerificationSettings
from agents.verification.verify import Subject, verify
from benchmarks.prompt_tasks import TASKS, Task
from providers import Completion, Message, Provider, ProviderSettings, Request, open_provider


@dataclass
class Seeded:
    """A provider as the agents see it, repeatable, and counting."""

    provider: Provider
    seed: int
    name: str
    tokens: int = 0
    calls: int = 0
    log: list[dict[str, Any]] = field(default_factory=list)

    @property
    def context_tokens(self) -> int:
        return self.provider.context_tokens

    @property
    def max_output_tokens(self) -> int:
        return self.provider.max_output_tokens

    @property
    def profile(self) -> str:
        return self.provider.profile

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        purpose: str = "",
        schema: Mapping[str, Any] | None = None,
        max_output_tokens: int | None = None,
        temperature: float | None = None,
        seed: int | None = None,
        thinking: bool | None = None,
        stop: Sequence[str] = (),
    ) -> Completion:
        self.calls += 1
        request = Request(
            tuple(messages),
            max_output_tokens,
            temperature,
            seed or 100 * self.seed + self.calls,
            thinking,
            schema,
            tuple(stop),
        )
        completion = await self.provider.complete(request)
        self.tokens += completion.usage.output_tokens or 0
        self.log.append(
            {"purpose": purpose, "messages": [asdict(message) for message in messages], "reply": completion.text}
        )
        return completion


@dataclass(frozen=True)
class Row:
    """How one iteration went."""

    task: str
    seed: int
    iteration: int
    read: bool
    """Files could be read from the reply."""
    hidden: bool
    """The program does what was asked."""
    tests: bool
    """It has tests, and they pass."""
    score: float
    """Without the model's review."""
    tokens: int
    calls: int
    seconds: float
    note: str = ""

    @property
    def good(self) -> bool:
        return self.hidden and self.tests

    def __str__(self) -> str:
        marks = " ".join(f"{name}={'yes' if value else 'no ':3}" for name, value in self._facts())
        spent = f"{self.tokens:5} tokens {self.calls:2} calls {self.seconds:6.1f} s"
        place = f"{self.task:12} seed {self.seed} iteration {self.iteration}"
        return f"{place}  {marks} score {self.score:4.1f}  {spent}  {self.note}"

    def _facts(self) -> tuple[tuple[str, bool], ...]:
        return (("read", self.read), ("hidden", self.hidden), ("tests", self.tests))


async def trial(name: str, seed: int, provider: Provider, options: argparse.Namespace) -> list[Row]:
    """Plan, build and repair until tests and hidden check pass or the iterations are used up."""
    task, rows = TASKS[name], list[Row]()
    model = Seeded(provider, seed, options.name or provider.model)
    engineer = Engineer(provider, options.format)
    plan = (await Architect(provider).run(Work(name, 0, task.requirements, model))).plan if options.plan else ""
    staged: dict[str, str] = {}
    told = ""
    for iteration in range(1, options.iterations + 1):
        started, before, calls = time.monotonic(), model.tokens, model.calls
        work = Work(name, iteration, task.requirements, model, plan=plan, staged=staged, feedback=told)
        note = ""
        try:
            built = await engineer.run(work)
            staged = {path: text for path, text in {**staged, **built.files}.items() if path not in built.deleted}
            note = "; ".join(f"{path}: {why}" for path, why in built.rejected.items())
        except UnusableReply as unusable:
            note = str(unusable)
        seconds = time.monotonic() - started
        evidence = await examine(staged, plan, task) if staged else None
        told = feedback(evidence) if evidence else ""
        rows.append(_row(name, seed, iteration, evidence, model.tokens - before, model.calls - calls, seconds, note))
        print(rows[-1], flush=True)
        _keep(options.out, rows[-1], plan, staged, told, model)
        if rows[-1].good:
            break
    return rows


def _row(
    name: str, seed: int, iteration: int, evidence: Evidence | None, tokens: int, calls: int, seconds: float, note: str
) -> Row:
    if evidence is None:
        return Row(name, seed, iteration, False, False, False, 0.0, tokens, calls, seconds, note)
    hidden = any(result.passed for result in evidence.examples if result.example.name == "hidden")
    tests = bool(evidence.passed) and not evidence.failed
    value = score(evidence, Review(unmeasured="not asked")).value
    return Row(name, seed, iteration, True, hidden, tests, value, tokens, calls, seconds, note)


async def examine(files: Mapping[str, str], plan: str, task: Task) -> Evidence:
    """What the Verifier would find. The hidden check goes in as an advisory example, which no feedback shows."""
    hidden = Example(
        ("python", "hidden_check.py"), name="hidden", files={"hidden_check.py": task.script}, advisory=True
    )
    settings = VerificationSettings()
    with tempfile.TemporaryDirectory(prefix="tumbler-prompts-") as folder:
        for path, text in files.items():
            Path(folder, path).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, path).write_text(text, encoding="utf-8")
        return await verify(Subject(Path(folder), f"{plan}\n\n{render_examples([hidden])}\n"), choose("auto"), settings)


def _keep(out: Path | None, row: Row, plan: str, staged: Mapping[str, str], told: str, model: Seeded) -> None:
    if out is None:
        return
    record = asdict(row) | {"plan": plan, "files": dict(staged), "feedback": told, "log": model.log[-row.calls :]}
    with out.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def summary(rows: Sequence[Row], iterations: int) -> str:
    """A Markdown table: of how many trials tests and hidden check passed after each iteration."""
    lines = [
        "| task | trials | read | hidden, 1st | "
        + " | ".join(f"good by {n}" for n in range(1, iterations + 1))
        + " | tokens |",
        "|" + "---|" * (iterations + 5),
    ]
    for name in [*dict.fromkeys(row.task for row in rows), "all"]:
        chosen = [row for row in rows if name in (row.task, "all")]
        first = [row for row in chosen if row.iteration == 1]
        good = [sum(row.good for row in chosen if row.iteration <= n) for n in range(1, iterations + 1)]
        cells = [name, len(first), sum(row.read for row in first), sum(row.hidden for row in first), *good]
        lines.append("| " + " | ".join(map(str, [*cells, sum(row.tokens for row in chosen)])) + " |")
    return "\n".join(lines)


async def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    provider = open_provider(ProviderSettings.model_validate(_entry(options)))
    await provider.health()
    slots = asyncio.Semaphore(options.parallel)

    async def one(name: str, seed: int) -> list[Row]:
        async with slots:
            return await trial(name, seed, provider, options)

    try:
        trials = await asyncio.gather(*(one(name, seed) for seed in options.seeds for name in options.tasks))
    finally:
        await provider.aclose()
    print(summary([row for rows in trials for row in rows], options.iterations))


def _entry(options: argparse.Namespace) -> dict[str, Any]:
    """The provider, as under `providers:` in config.yaml."""
    entry = {"name": "bench", "max_output_tokens": 2048, "max_concurrency": options.parallel}
    if not options.url:
        return entry | {"type": "embedded", "model": options.embedded}
    server = {"type": options.type, "base_url": options.url, "model": options.model}
    return entry | server | {"context_length": options.context}


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--embedded", default="auto", metavar="MODEL", help="auto, a GGUF file, or repository:file")
    parser.add_argument("--url", help="of a server, instead of the embedded model")
    parser.add_argument("--type", default="openai", help="of that server: openai, vllm or ollama")
    parser.add_argument("--model", default="auto", help="on that server")
    parser.add_argument("--name", default="", help="the model's name as the agents see it; its size picks the profile")
    parser.add_argument("--context", type=int, default=8192)
    parser.add_argument("--parallel", type=int, default=1, help="trials at once")
    parser.add_argument("--tasks", type=lambda text: text.split(","), default=list(TASKS))
    parser.add_argument("--seeds", type=lambda text: [int(seed) for seed in text.split(",")], default=[1, 2, 3])
    parser.add_argument("--iterations", type=int, default=3)
    parser.add_argument("--format", choices=("fenced", "json"), default="fenced")
    parser.add_argument("--no-plan", dest="plan", action="store_false", help="leave the Architect out")
    parser.add_argument("--out", type=Path, help="append each iteration with prompts and replies, as JSON lines")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    asyncio.run(main())
