"""How many replies are read exactly, wrongly, or not at all? Ours beside json.loads, and json_repair if installed.

    python -m benchmarks.replies [DAMAGED_PER_KIND]

First table: the corpus in tests/data/replies. Second: real source files of the standard library, damaged in 18 ways.
What json.loads reads wrongly there is still valid JSON, so that only a syntax check of the file could tell. The other
readers get no path and content checks.
"""

from __future__ import annotations

import importlib
import json
import random
import re
import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from agents.answers import Rejected, read_reply
from tests.agents.answers.damage import DAMAGES, Files

Reader = Callable[[str, str], Files | None]
_CORPUS = Path(__file__).parents[1] / "tests/data/replies/replies.jsonl"
_COLUMNS = ("exact", "silently wrong", "refused", "missed", "rejected right", "slowest")


def ours(text: str, finish: str) -> Files | None:
    try:
        return dict(read_reply(text, finish=finish, project="demo").files)
    except Rejected:
        return None


def strict(text: str, finish: str) -> Files | None:
    del finish
    try:
        return {file["path"]: file["content"] for file in json.loads(text)["files"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def strict_with_regex(text: str, finish: str) -> Files | None:
    """What most programs do: the first fence, or everything from the first brace to the last."""
    fence = re.search(r"```(?:json)?\s*\n(.*?)```", text, re.DOTALL)
    braces = re.search(r"\{.*\}", text, re.DOTALL)
    parts = [text, fence[1] if fence else "", braces[0] if braces else ""]
    return next((files for part in parts if (files := strict(part, finish))), None)


def readers() -> dict[str, Reader]:
    found: dict[str, Reader] = {"agents.answers": ours, "json.loads": strict, "json.loads + regex": strict_with_regex}
    try:
        library = importlib.import_module("json_repair")
    except ImportError:
        return found
    return found | {"json_repair": lambda text, finish: strict(json.dumps(library.loads(text)), finish)}


def verdict(files: Files | None, case: dict[str, Any]) -> str:
    allowed = [case["files"]] if case["outcome"] == "recover" else []
    if files is None:
        if case["outcome"] == "reject":
            return "rejected right"
        return "refused" if "reject" in case.get("also_ok", []) else "missed"
    if case.get("compare") == "json":
        try:
            files = {path: json.loads(content) for path, content in files.items()}
        except (ValueError, TypeError):
            return "silently wrong"
        allowed = [{path: json.loads(content) for path, content in one.items()} for one in allowed]
    return "exact" if files in [*allowed, *case.get("alternatives", [])] else "silently wrong"


def measure(reader: Reader, cases: Iterable[dict[str, Any]]) -> list[str]:
    counts: Counter[str] = Counter()
    slowest = 0.0
    for case in cases:
        started = time.perf_counter()
        files = reader(case["reply"], case["finish"])
        slowest = max(slowest, time.perf_counter() - started)
        counts[verdict(files, case)] += 1
    return [*(str(counts[column]) for column in _COLUMNS[:-1]), f"{slowest * 1000:.1f} ms"]


def damaged(per_kind: int) -> list[dict[str, Any]]:
    folder = Path(sysconfig.get_path("stdlib"))
    sources = [
        path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py")) if 300 < path.stat().st_size < 30_000
    ]
    cases = []
    for kind, damage in DAMAGES.items():
        for number in range(per_kind):
            rng = random.Random(f"{kind} {number}")
            files = {f"m{index}.py": source for index, source in enumerate(rng.sample(sources, 1 + number % 3))}
            cases.append(
                {
                    "reply": damage(files, rng),
                    "finish": "stop",
                    "outcome": "recover",
                    "files": files,
                    "also_ok": ["reject"],
                }
            )
    return cases


def show(title: str, cases: list[dict[str, Any]]) -> None:
    print(f"\n{title}: {len(cases)} replies")
    print(f"{'':20}" + "".join(f"{column:>16}" for column in _COLUMNS))
    for name, reader in readers().items():
        print(f"{name:20}" + "".join(f"{cell:>16}" for cell in measure(reader, cases)))


def main() -> None:
    per_kind = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    show("corpus", [json.loads(line) for line in _CORPUS.read_text(encoding="utf-8").splitlines()])
    show("damaged source files", damaged(per_kind))


if __name__ == "__main__":
    main()
