"""`python -m agents.answers FILE`: what a raw reply holds, as JSON; exit code 0 for files, 1 for a rejection."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agents.answers.rejection import Rejected
from agents.answers.reply import read_reply


def main(arguments: list[str] | None = None, prog: str = "python -m agents.answers") -> int:
    parser = argparse.ArgumentParser(prog, description="Read a model's raw reply and print its files.")
    parser.add_argument("file", type=Path, help="the reply, for example test_output/NAME/engineer_raw_output_iter1.txt")
    parser.add_argument("--finish", default="stop", help="the finish reason the provider reported (default: stop)")
    parser.add_argument("--project", default="", help="the project's name, which models put in front of paths")
    options = parser.parse_args(arguments)
    try:
        text = options.file.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        parser.error(f"{options.file} cannot be read: {error}")
    result = outcome(text, options.finish, options.project)
    sys.stdout.write(json.dumps(result, indent=2) + "\n")
    return 0 if result["outcome"] == "recover" else 1


def outcome(text: str, finish: str, project: str) -> dict[str, Any]:
    try:
        answer = read_reply(text, finish=finish, project=project)
    except Rejected as rejected:
        salvage = _listed(rejected.salvage)
        return {"outcome": "reject", "reason": rejected.reason, "message": rejected.sentence, "salvage": salvage}
    return {
        "outcome": "recover",
        "files": _listed(answer.files),
        "deleted": sorted(answer.deleted),
        "dialect": answer.dialect,
    }


def _listed(files: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"path": path, "content": content} for path, content in files.items()]


if __name__ == "__main__":
    sys.exit(main())
