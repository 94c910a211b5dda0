"""The embedded engine's child process as it is, but with the fake model server in place of llama.cpp.

Run as a file with the engine's own flags; `model` in the order is a text file whose content is the reply.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.fakes.llm import Answer, Asked, FakeLLM  # noqa: E402


def serve(order: dict[str, Any]) -> Any:
    reply = Path(order["model"]).read_text(encoding="utf-8")
    if reply == "broken":
        raise RuntimeError("Failed to init server")

    def answer(asked: Asked) -> Answer:
        known = asked.headers.get("authorization") == f"Bearer {order['key']}"
        return Answer(reply, pause=0.02) if known else Answer(status=401, body={"error": "Invalid API Key"})

    llm = FakeLLM(answer, models=[order["alias"]], context=order["context_tokens"])
    llm.__enter__()
    return SimpleNamespace(listening_address=llm.url, llm=llm)


if __name__ == "__main__":
    server = runpy.run_path(str(ROOT / "providers" / "embedded_server.py"))
    server["main"].__globals__["serve"] = serve
    server["main"]()
