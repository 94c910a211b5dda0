"""Runs pytest inside the sandbox and reports over an inherited pipe: `python -I -B run_pytest.py REPORT SECRET`.

The report is JSON lines, each followed by a tab and an HMAC that covers all lines before it. The key and the options
come over a pipe that can be read once. Code under test shares this process: forging a session becomes expensive, not
impossible.
"""

from __future__ import annotations

import builtins
import hashlib
import hmac
import json
import linecache
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

MESSAGE = 3000
OUTPUT = 1200


class TestTookTooLong(BaseException):
    """Raised inside a test that runs over its time; not an Exception, so that code under test does not swallow it."""


class Broken(BaseException):
    """Raised by every function of the code under test in the run that looks for tests which cannot fail."""


class Channel:
    """Writes records to the report pipe; children that were forked off stay silent."""

    def __init__(self, descriptor: int, key: bytes) -> None:
        self._out = os.dup(descriptor)
        os.close(descriptor)
        self._key = key
        self._chain = hashlib.sha256(key).digest()
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._write, self._dumps, self._mac = os.write, json.dumps, hmac.new

    def emit(self, kind: str, **fields: Any) -> None:
        if os.getpid() != self._pid:
            return
        with self._lock:
            body = self._dumps({"t": kind, **fields}, separators=(",", ":")).encode("ascii")
            self._chain = self._mac(self._key, self._chain + body, hashlib.sha256).digest()
            rest = memoryview(body + b"\t" + self._chain.hex().encode() + b"\n")
            while rest:
                rest = rest[self._write(self._out, rest) :]


class Options:
    """What the host asks for, see `agents.languages.python`."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.canary: str = raw["canary"]
        self.folders: list[str] = raw["folders"]
        self.plugins: list[str] = raw["plugins"]
        self.pythonpath: str = raw["pythonpath"]
        self.sources: list[str] = raw["sources"]
        self.each: float = raw["each"]
        self.coverage: bool = raw["coverage"]
        self.broken: bool = raw["broken"]


def read_secret(descriptor: int) -> tuple[bytes, Options]:
    chunks = []
    while chunk := os.read(descriptor, 65536):
        chunks.append(chunk)
    os.close(descriptor)
    raw = json.loads(b"".join(chunks))
    return bytes.fromhex(raw["key"]), Options(raw)


def compile_all(channel: Channel, sources: list[str]) -> None:
    """The build phase of an interpreted language, with the interpreter that will run the code."""
    for path in sources:
        try:
            compile(Path(path).read_bytes(), path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            channel.emit(
                "syntax",
                path=path,
                line=getattr(error, "lineno", None) or 0,
                message=f"{type(error).__name__}: {getattr(error, 'msg', None) or error}"[:300],
                source=(getattr(error, "text", None) or "").rstrip()[:200],
            )
        except (RecursionError, MemoryError, OSError) as error:
            channel.emit("syntax", path=path, line=0, message=f"{type(error).__name__}: {error}"[:300], source="")


def break_all(channel: Channel, options: Options, hits: list[bool]) -> None:
    """Break the working copy of the code under test, and note when a test reaches it."""
    sys.path.insert(0, str(Path(__file__).parent))
    import broken  # type: ignore[import-not-found, unused-ignore]

    sys.path.pop(0)
    texts = {}
    for path in options.sources:
        if not broken.is_test(path):
            texts[path] = Path(path).read_text(encoding="utf-8", errors="replace")
    names = broken.functions(texts.values())
    count = 0
    for path, text in texts.items():
        new, number = broken.break_source(text, options.canary, names)
        count += number
        Path(path).write_text(new, encoding="utf-8")

    def raiser() -> None:
        if threading.current_thread() is threading.main_thread():
            hits.append(True)
        raise Broken("broken by the Verifier")

    setattr(builtins, options.canary, raiser)
    channel.emit("broken", count=count)


def plant_canaries(options: Options) -> None:
    """One test that must pass and one that must fail in each folder of tests, under the same conftest.py."""
    for number, folder in enumerate(options.folders):
        for tag, body in (("p", "assert True"), ("f", "assert False")):
            name = f"test_{options.canary}{number}{tag}"
            Path(folder, f"{name}.py").write_text(f"def {name}():\n    {body}\n", encoding="utf-8")


class Alarm:
    """Ends one test that runs too long, where the platform has interval timers."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds if hasattr(signal, "setitimer") else 0.0
        if self.seconds:
            signal.signal(signal.SIGALRM, self._ring)

    def _ring(self, *_: object) -> None:
        raise TestTookTooLong(f"the test took more than {self.seconds:g} s")

    def set(self) -> None:
        if self.seconds:
            signal.setitimer(signal.ITIMER_REAL, self.seconds)

    def clear(self) -> None:
        if self.seconds:
            signal.setitimer(signal.ITIMER_REAL, 0)


def frames_of(excinfo: Any, root: str) -> list[dict[str, Any]]:
    """The innermost line in a test and the innermost line in code under test, in the order they were reached."""
    mine: dict[bool, dict[str, Any]] = {}
    for entry in excinfo.traceback:
        path = str(entry.path)
        if not path.startswith(root + os.sep):
            continue
        relative = Path(path).relative_to(root).as_posix()
        name = relative.rsplit("/", 1)[-1]
        number = entry.lineno + 1
        test = name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py"
        mine.pop(test, None)
        mine[test] = {"path": relative, "line": number, "function": entry.name, "source": around(path, number)}
    return list(mine.values())


def around(path: str, number: int) -> str:
    lines = linecache.getlines(path)
    numbers = range(max(1, number - 3), min(len(lines), number + 2) + 1)
    return "\n".join(f"{'>' if n == number else ' '} {n:4} {lines[n - 1].rstrip()[:160]}" for n in numbers)


def message_of(report: Any) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash is not None else str(report.longrepr)
    return (
        str(text)[:MESSAGE]
        if len(str(text)) <= MESSAGE
        else str(text)[: MESSAGE // 2] + "\n...\n" + str(text)[-MESSAGE // 2 :]
    )


def make_reporter(channel: Channel, options: Options, hits: list[bool], pytest: Any) -> Any:
    emit = channel.emit
    root = str(Path.cwd())
    alarm = Alarm(options.each)

    def raw_exception(item: Any, call: Any) -> str | None:
        """What was raised, before any hook of the project can touch it; unittest keeps it on the item."""
        if call.excinfo is not None:
            return str(call.excinfo.typename)
        kept = getattr(item, "_excinfo", None)
        return str(kept[0].typename) if kept else None

    class Reporter:
        @pytest.hookimpl(tryfirst=True)  # type: ignore[untyped-decorator, unused-ignore]
        def pytest_itemcollected(self, item: Any) -> None:
            emit("item", id=item.nodeid)

        @pytest.hookimpl(tryfirst=True)  # type: ignore[untyped-decorator, unused-ignore]
        def pytest_collectreport(self, report: Any) -> None:
            if report.failed:
                info = getattr(report, "tumbler", None)
                emit("collect_error", id=report.nodeid, message=collect_message(report), frames=info or [])
            elif report.skipped:
                emit("collect_skip", id=report.nodeid, message=str(report.longrepr)[-300:])

        @pytest.hookimpl(wrapper=True, tryfirst=True)  # type: ignore[untyped-decorator, unused-ignore]
        def pytest_make_collect_report(self) -> Generator[None, Any, Any]:
            report = yield
            call = getattr(report, "call", None)
            if report.failed and call is not None and call.excinfo is not None:
                cause = call.excinfo.value.__cause__
                info = pytest.ExceptionInfo.from_exception(cause) if cause is not None else call.excinfo
                report.tumbler = frames_of(info, root)
            return report

        def pytest_deselected(self, items: Any) -> None:
            emit("deselected", ids=[item.nodeid for item in items])

        def pytest_runtest_logstart(self, nodeid: str) -> None:
            hits.clear()
            emit("run", id=nodeid)

        @pytest.hookimpl(wrapper=True, tryfirst=True)  # type: ignore[untyped-decorator, unused-ignore]
        def pytest_runtest_call(self) -> Generator[None, Any, Any]:
            alarm.set()
            try:
                return (yield)
            finally:
                alarm.clear()

        @pytest.hookimpl(wrapper=True, tryfirst=True)  # type: ignore[untyped-decorator, unused-ignore]
        def pytest_runtest_makereport(self, item: Any, call: Any) -> Generator[None, Any, Any]:
            raw = raw_exception(item, call)
            report = yield
            failed = report.outcome == "failed"
            emit(
                "phase",
                id=item.nodeid,
                when=call.when,
                raw=raw,
                outcome=report.outcome,
                xfail=hasattr(report, "wasxfail"),
                seconds=round(call.duration, 4),
                message=message_of(report) if failed else "",
                frames=frames_of(call.excinfo, root) if failed and call.excinfo is not None else [],
                output=(report.capstdout + report.capstderr)[-OUTPUT:] if failed else "",
                reached=bool(hits),
            )
            return report

        def pytest_sessionfinish(self, session: Any, exitstatus: int) -> None:
            emit("end", code=int(exitstatus), collected=session.testscollected)

    return Reporter()


def collect_message(report: Any) -> str:
    text = str(report.longrepr)
    lines = [part[1:].strip() for part in text.splitlines() if part.startswith("E ")]
    return ("\n".join(lines) or text[-MESSAGE:])[:MESSAGE]


def measure(options: Options) -> Callable[[Channel], None] | None:
    """Start measuring coverage; the result reports it."""
    try:
        import coverage  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return None
    sources = [path for path in options.sources if not Path(path).name.startswith(("test_", "conftest"))]
    root = Path.cwd()
    measured = coverage.Coverage(data_file=None, config_file=False, source=[str(root)], messages=False)
    measured.start()

    def finish(channel: Channel) -> None:
        measured.stop()
        files: dict[str, Any] = {}
        for path in sources:
            try:
                _, statements, _, missing, _ = measured.analysis2(str(root / path))
            except Exception:  # noqa: BLE001, S112, PERF203, RUF100 - a file that cannot be analysed is left out
                continue
            files[path] = [len(statements), missing[:400], len(missing)]
        channel.emit("coverage", files=files)

    return finish


def main() -> None:
    report, secret = int(sys.argv[1]), int(sys.argv[2])
    key, options = read_secret(secret)
    channel = Channel(report, key)
    sys.argv[1:] = []
    hits: list[bool] = []
    compile_all(channel, options.sources)
    if options.broken:
        break_all(channel, options, hits)
    plant_canaries(options)
    finish = measure(options) if options.coverage else None
    import pytest

    channel.emit("start", pytest=pytest.__version__, python=sys.version.split()[0])
    arguments = [
        *("-q", "-rN", "--tb=short", "--color=no", "--maxfail=0", "--continue-on-collection-errors"),
        *("-p", "no:cacheprovider", "-p", "no:randomly", "-o", "addopts="),
        *("-o", f"pythonpath={options.pythonpath}", f"--rootdir={Path.cwd()}"),
        *(word for plugin in options.plugins for word in ("-p", plugin)),
        ".",
    ]
    code = int(pytest.main(arguments, plugins=[make_reporter(channel, options, hits, pytest)]))
    if finish is not None:
        finish(channel)
    channel.emit("returned", code=code)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
