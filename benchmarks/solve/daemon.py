"""The daemon as a person starts it, but it keeps the model's answers, and levers may be taken out.

python -m benchmarks.solve.daemon REPLIES LEDGER LEVER,LEVER run --until-idle ...
"""

from __future__ import annotations

import sys
from pathlib import Path
from unittest.mock import patch

import httpx

from benchmarks.solve.kept import Kept
from benchmarks.solve.levers import without
from orchestrator.cli import main


def start(arguments: list[str]) -> None:
    replies, ledger, levers, *command = arguments
    kept = Kept(Path(replies), Path(ledger), httpx.AsyncHTTPTransport.handle_async_request)

    async def send(transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        return await kept(transport, request)

    patch.object(httpx.AsyncHTTPTransport, "handle_async_request", send).start()
    for lever in filter(None, levers.split(",")):
        without(lever)
    sys.argv = ["run_orchestrator.py", *command]
    main()


if __name__ == "__main__":
    start(sys.argv[1:])
