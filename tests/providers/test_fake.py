"""The fake server can be trusted: it serves other processes from its own thread, and its faults are real."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request

from tests.fakes.llm import Answer, Asked, FakeLLM

BODY = {"model": "fake", "messages": [{"role": "system", "content": "You are the Architect."}], "stream": True}


def test_a_blocking_client_is_served_from_a_thread() -> None:
    with FakeLLM(lambda asked: f"{asked.system} {asked.number}") as llm:
        for path, end in (("/api/chat", '"done": true'), ("/v1/chat/completions", "[DONE]")):
            request = urllib.request.Request(llm.url + path, json.dumps(BODY).encode())
            with urllib.request.urlopen(request) as response:
                assert end in response.read().decode()
        assert [(asked.api, asked.system) for asked in llm.requests] == [
            ("ollama", "You are the Architect."),
            ("openai", "You are the Architect."),
        ]


def test_another_process_is_served_and_sees_a_reset() -> None:
    code = """
import json, sys, urllib.request
try:
    urllib.request.urlopen(urllib.request.Request(sys.argv[1], sys.argv[2].encode())).read()
except ConnectionResetError:
    print("reset")
"""

    def reply(asked: Asked) -> Answer:
        return Answer("x" * 100, cut_after=40)

    with FakeLLM(reply) as llm:
        command = [sys.executable, "-c", code, f"{llm.url}/api/chat", json.dumps(BODY)]
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "reset\n"
