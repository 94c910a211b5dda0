"""What pytest tells: a plugin that writes it down."""

from __future__ import annotations

import linecache
import os
import reprlib
import subprocess
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

MESSAGE = 3000
OUTPUT = 1200
"""Characters of a message and of captured output that are reported."""
VALUE = 250
"""Characters of each compared value that is shown whole; pytest cuts the middle out of those over thirty."""


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
        test = name.startswith("test_") or name.endswith("_test.py") or name in ("conftest.py", "tests.py")
        mine.pop(test, None)
        mine[test] = {"path": relative, "line": number, "function": entry.name, "source": around(path, number)}
    return list(mine.values())


def around(path: str, number: int) -> str:
    lines = linecache.getlines(path)
    numbers = range(max(1, number - 3), min(len(lines), number + 2) + 1)
    return "\n".join(f"{'>' if n == number else ' '} {n:4} {lines[n - 1].rstrip()[:160]}" for n in numbers)


def message_of(report: Any) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    text = str(crash.message if crash is not None else report.longrepr)
    half = MESSAGE // 2
    return text if len(text) <= MESSAGE else f"{text[:half]}\n...\n{text[-half:]}"


def with_whole_values(lines: list[str], op: str, left: object, right: object) -> list[str]:
    """pytest's explanation of a comparison that does not hold, its first line with the values as they are."""
    shown = reprlib.Repr()
    vars(shown).update(dict.fromkeys(vars(shown).keys() - {"maxlevel", "fillvalue", "indent"}, VALUE + 1), maxlevel=6)
    try:
        values = shown.repr(left), shown.repr(right)
    except Exception:  # noqa: BLE001, RUF100 - such as a number of too many digits: the comparison is what counts
        return lines
    whole = all(len(value) <= VALUE and "\n" not in value for value in values)
    return [f"{values[0]} {op} {values[1]}", *lines[1:]] if whole else lines


def collect_message(report: Any) -> str:
    text = str(report.longrepr)
    lines = [part[1:].strip() for part in text.splitlines() if part.startswith("E ")]
    return ("\n".join(lines) or text[-MESSAGE:])[:MESSAGE]


def raw_exception(item: Any, call: Any) -> str | None:
    """What was raised, before any hook of the project can touch it; unittest keeps it on the item."""
    if call.excinfo is not None:
        return str(call.excinfo.typename)
    kept = getattr(item, "_excinfo", None)
    return str(kept[0].typename) if kept else None


class Programs:
    """What the programs that a test starts say on their way out: pytest shows only what the test compares."""

    def __init__(self) -> None:
        self._ended: list[str] = []
        wait = subprocess.Popen.communicate

        def communicate(process: Any, *arguments: Any, **named: Any) -> Any:
            printed = wait(process, *arguments, **named)
            self._note(process, printed[1])
            return printed

        vars(subprocess)["Popen"].communicate = communicate

    def forget(self) -> None:
        self._ended.clear()

    def said(self) -> str:
        """Of the last program: how it ended, and the end of its stderr; empty when none was started."""
        return self._ended[-1] if self._ended else ""

    def _note(self, process: Any, errors: Any) -> None:
        text = errors.decode("utf-8", "replace") if isinstance(errors, bytes) else str(errors or "")
        words = process.args if isinstance(process.args, (list, tuple)) else [process.args]
        command = " ".join(str(word).rpartition("/")[2] for word in words)[:160]
        if process.returncode or text.strip():
            how = f"`{command}` ended with exit code {process.returncode}"
            self._ended.append(f"{how}; stderr:\n{text.strip()[-500:]}\n")


_now = time.monotonic
"""As it was before a test of the project's replaced it."""
QUIET_EACH = 2.0
QUIET_ALL = 15.0
"""Seconds for one test, and for all, with code that goes on without doing anything: loops may wait for it for ever."""


def make_reporter(
    channel: Any, each: float, pytest: Any, endings: Any, breaking: Any = None, intact: Any = None, written: Any = None
) -> Any:
    """The plugin. `each` bounds one test, in seconds; `endings` is our module of this name, which sees to it.

    `breaking` steers broken code under test, None: it is whole. `intact` looks after what the project might change in
    the meantime, and `written` knows what its tests are to run.
    """
    emit, root, alarm = channel.emit, str(Path.cwd()), endings.Alarm(each)
    programs = Programs()
    first = pytest.hookimpl(tryfirst=True)
    around_all = pytest.hookimpl(wrapper=True, tryfirst=True)

    def begin(nodeid: str) -> None:
        programs.forget()
        emit("run", id=nodeid)

    def look() -> None:
        for what in intact.news() if intact is not None else ():
            emit("changed", what=what)

    class Reporter:
        def pytest_load_initial_conftests(self, early_config: Any) -> None:
            if intact is not None:
                intact.begin(early_config.pluginmanager)
                written.begin(early_config)

        @around_all  # type: ignore[untyped-decorator, unused-ignore]
        def pytest_assertrepr_compare(self, op: str, left: object, right: object) -> Generator[None, Any, Any]:
            explanations = yield
            return [with_whole_values(lines, op, left, right) for lines in explanations]

        @first  # type: ignore[untyped-decorator, unused-ignore]
        def pytest_collection(self) -> None:
            look()

        @first  # type: ignore[untyped-decorator, unused-ignore]
        def pytest_itemcollected(self, item: Any) -> None:
            emit("item", id=item.nodeid)

        @around_all  # type: ignore[untyped-decorator, unused-ignore]
        def pytest_make_collect_report(self) -> Generator[None, Any, Any]:
            if breaking is not None:
                breaking.settle()
            look()
            report = yield
            call = getattr(report, "call", None)
            if report.failed and call is not None and call.excinfo is not None:
                cause = call.excinfo.value.__cause__
                info = pytest.ExceptionInfo.from_exception(cause) if cause is not None else call.excinfo
                report.tumbler = frames_of(info, root)
            return report

        @first  # type: ignore[untyped-decorator, unused-ignore]
        def pytest_collectreport(self, report: Any) -> None:
            if report.failed:
                frames = getattr(report, "tumbler", [])
                emit("collect_error", id=report.nodeid, message=collect_message(report), frames=frames)
            elif report.skipped:
                emit("collect_skip", id=report.nodeid, message=str(report.longrepr)[-300:])

        def pytest_deselected(self, items: Any) -> None:
            emit("deselected", ids=[item.nodeid for item in items])

        def pytest_runtest_logstart(self, nodeid: str) -> None:
            begin(nodeid)

        @around_all  # type: ignore[untyped-decorator, unused-ignore]
        def pytest_runtest_setup(self) -> Generator[None, Any, Any]:
            with alarm:
                return (yield)

        @around_all  # type: ignore[untyped-decorator, unused-ignore]
        def pytest_runtest_call(self, item: Any) -> Generator[None, Any, Any]:
            look()
            if written is not None and not written.holds(item.nodeid, getattr(item, "obj", None)):
                emit("changed", what=f"{item.nodeid} does not run what stands in its file")
            with alarm:
                return (yield)

        @around_all  # type: ignore[untyped-decorator, unused-ignore]
        def pytest_runtest_makereport(self, item: Any, call: Any) -> Generator[None, Any, Any]:
            raw = raw_exception(item, call)
            report = yield
            failed = report.outcome == "failed" and breaking is None
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
                output=(report.capstdout + report.capstderr + programs.said())[-OUTPUT:] if failed else "",
                reached=breaking is not None and bool(breaking.reached),
                mode="" if breaking is None else breaking.mode,
            )
            return report

        def pytest_sessionfinish(self, session: Any, exitstatus: int) -> None:
            look()
            emit("end", code=int(exitstatus), collected=session.testscollected)

    class BrokenReporter(Reporter):
        """Runs each test once for each way to be broken, as long as it passes, and once when it has to fail."""

        def __init__(self) -> None:
            self._quiet_until = 0.0

        @first  # type: ignore[untyped-decorator, unused-ignore]
        def pytest_runtest_protocol(self, item: Any, nextitem: Any) -> bool:
            self._quiet_until = self._quiet_until or _now() + QUIET_ALL
            for mode in breaking.modes:
                quiet = breaking.is_quiet(mode)
                if quiet and _now() > self._quiet_until:
                    continue
                if not self._passes(item, mode, min(each, QUIET_EACH) if quiet else each):
                    break
            self._passes(item, breaking.last, each, None if breaking.modes else nextitem)
            return True

        def _passes(self, item: Any, mode: str, seconds: float, nextitem: Any = None) -> bool:
            """Without `nextitem` all fixtures go: what broken code has made is not for the next mode."""
            from _pytest.runner import runtestprotocol

            alarm.seconds = alarm.seconds and seconds
            endings.outlive_signals()
            breaking.begin(mode)
            begin(item.nodeid)
            return not any(report.failed for report in runtestprotocol(item, log=False, nextitem=nextitem))

    return Reporter() if breaking is None else BrokenReporter()
