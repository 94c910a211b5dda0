"""The embedded engine's child process: llama.cpp's server on a loopback port, until its parent is gone.

Run as a file, not as a module, so that nothing of ours is imported. The first line on stdin is a JSON object with
`model`, `context_tokens`, `threads`, `key` and `alias`; the answer is one line on stdout, `{"url": ...}` or
`{"error": ...}`.
stdin stays open for as long as the server is wanted.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import threading
from typing import Any


def main() -> None:
    die_with_parent()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # llama.cpp prints what it likes
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=leave_at_end_of_input, daemon=True).start()
    try:
        server = serve(order)
        answer = {"url": server.listening_address}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), file=answers, flush=True)
    if "url" in answer:
        threading.Event().wait()


def die_with_parent() -> None:
    """On Linux the kernel ends us with our parent, even when that is killed; elsewhere the end of stdin does."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def leave_at_end_of_input() -> None:
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


def serve(order: dict[str, Any]) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = order["model"]
    params.model_alias = {order["alias"]}
    params.n_ctx = order["context_tokens"]
    params.n_parallel = 1
    params.verbosity = -1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = order["threads"]
    params.hostnames = ["127.0.0.1"]
    params.api_keys = [order["key"]]
    return xllamacpp.Server(params)


if __name__ == "__main__":
    main()
