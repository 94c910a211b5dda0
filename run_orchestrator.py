#!/usr/bin/env python3
"""Start the daemon, or one of its sub-commands."""

import sys

try:
    from orchestrator.cli import main
except ModuleNotFoundError as error:
    if (error.name or "").split(".")[0] in ("agents", "orchestrator", "providers"):
        raise
    sys.exit(
        f"The package {error.name!r} is missing. In this script's folder, either install the packages once with\n"
        "    pip install -e '.[embedded]'\n"
        "or let uv do it at every start:\n"
        "    uv run --extra embedded run_orchestrator.py"
    )

if __name__ == "__main__":
    main()
