"""`python -m agents.verification DIR`: verify a folder without any model and print the report."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from .box import SandboxUnavailable
from .evidence import Coverage, Evidence
from .report import render
from .review import Review
from .sandbox import choose
from .score import THRESHOLD, Score, score
from .settings import VerificationSettings
from .tree import SnapshotRefused, snapshot
from .verify import Subject, verify


def main(arguments: list[str] | None = None, prog: str = "python -m agents.verification") -> int:
    """0: green and accepted; 1: not; 2: it could not be tried. `prog`: how it was called."""
    options = _parser(prog).parse_args(arguments)
    settings = VerificationSettings(
        sandbox=options.sandbox, **((options.settings and json.loads(options.settings)) or {})
    )
    try:
        evidence = asyncio.run(_verify(options.folder, options.plan, settings))
    except (SandboxUnavailable, SnapshotRefused, OSError) as error:
        print(f"code-tumbler: {error}", file=sys.stderr)  # noqa: T201
        return 2
    review = Review(unmeasured="no model was asked")
    result = score(evidence, review)
    print(_json(evidence, result) if options.json else render(1, evidence, review, result))  # noqa: T201
    return 0 if result.green and result.value >= THRESHOLD else 1


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog, description="Build and test a folder in the sandbox.")
    parser.add_argument("folder", type=Path, metavar="DIR", help="the folder with the code and its tests")
    parser.add_argument("--plan", type=Path, help="a PLAN.md whose examples are run")
    parser.add_argument("--sandbox", default="auto", help="auto, bwrap, landlock, docker, podman, seatbelt or none")
    parser.add_argument("--settings", help="more of the verification settings, as a JSON object")
    parser.add_argument("--json", action="store_true", help="print the evidence as JSON")
    return parser


async def _verify(folder: Path, plan: Path | None, settings: VerificationSettings) -> Evidence:
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder}: no such folder")
    text = plan.read_text(encoding="utf-8") if plan else ""
    with tempfile.TemporaryDirectory(prefix="tumbler-verify-") as place:
        copy = Path(place) / "snapshot"
        await asyncio.to_thread(snapshot, folder, copy)
        return await verify(Subject(copy, text), choose(settings.sandbox), settings)


def _json(evidence: Evidence, result: Score) -> str:
    content: dict[str, Any] = dataclasses.asdict(evidence)
    content |= {"verdict": evidence.tested.verdict, "score": result.value, "green": result.green}
    content["caps"] = [dataclasses.asdict(cap) for cap in result.caps]
    if isinstance(evidence.coverage, Coverage):
        content["coverage"]["percent"] = round(evidence.coverage.percent, 1)
    return json.dumps(content, indent=2, default=str)


if __name__ == "__main__":
    sys.exit(main())
