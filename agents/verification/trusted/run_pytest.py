"""Runs pytest inside the sandbox and reports over an inherited pipe: `python -I -B run_pytest.py REPORT SECRET`.

The report is JSON lines, each followed by a tab and an HMAC that covers all lines before it. The key and the options
come over a pipe that can be read once. Code under test shares this process: forging a session becomes expensive, not
impossible.
"""

from __future__ import annotations

import builtins
import importlib.util
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

CANNOT_START = 4
"""Of pytest: a wrong option or a conftest.py that cannot be imported."""


class Options:
    """What the host asks for, see `agents.languages.python`."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.canary: str = raw["canary"]
        self.folders: list[str] = raw["folders"]
        self.plugins: list[str] = raw["plugins"]
        self.pythonpath: str = raw["pythonpath"]
        self.files: str = raw["files"]
        self.functions: str = raw["functions"]
        """Patterns of names; the canaries' are among them."""
        self.words: list[str] = raw["words"]
        self.sources: list[str] = raw["sources"]
        self.tests: list[str] = raw["tests"]
        """Those of `sources` that only the project's configuration calls tests."""
        self.each: float = raw["each"]
        self.coverage: bool = raw["coverage"]
        self.broken: str = raw["broken"]
        """`all`: code under test breaks; `tests`: only the first assertion of each test fails; empty: all is whole."""


def beside(name: str) -> Any:
    """Our own module of this name, out of reach of the import system, with built-ins that nobody else can replace."""
    spec = importlib.util.spec_from_file_location(f"_tumbler_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    vars(module)["__builtins__"] = dict(vars(builtins))
    spec.loader.exec_module(module)
    return module


def read_secret(descriptor: int) -> tuple[bytes, Options]:
    chunks = []
    while chunk := os.read(descriptor, 65536):
        chunks.append(chunk)
    os.close(descriptor)
    raw = json.loads(b"".join(chunks))
    return bytes.fromhex(raw["key"]), Options(raw)


def compile_all(channel: Any, sources: list[str]) -> None:
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


def break_all(channel: Any, options: Options) -> Any:
    """Break the working copy of the code under test, and guard the tests; the result decides what that means."""
    broken, guard_tests, mark = beside("broken"), beside("guarded").guard_tests, Path.cwd() / f".{options.canary}"
    count, guarded = 0, []
    for path in options.sources:
        text = Path(path).read_text(encoding="utf-8-sig", errors="replace")
        if broken.is_test(path) or path in options.tests:
            new = guard_tests(text, options.canary)
            guarded += [path] if new != text else []
        elif options.broken == "all":
            new, number = broken.break_source(text, options.canary, str(mark))
            count += number
        else:
            continue
        Path(path).write_text(new, encoding="utf-8")
    breaking = beside("breaking").Breaking(mark, whole=options.broken != "all")
    setattr(builtins, options.canary, breaking.ask)
    channel.emit("broken", count=count, guarded=guarded)
    return breaking


def plant_canaries(options: Options) -> None:
    """One test that must pass and one that must fail in each folder of tests, under the same conftest.py."""
    for number, folder in enumerate(options.folders):
        for tag, body in (("p", "assert True"), ("f", "assert False")):
            name = f"test_{options.canary}{number}{tag}"
            Path(folder, f"{name}.py").write_text(f"def {name}():\n    {body}\n", encoding="utf-8")


def measure(options: Options) -> Callable[[Any], None] | None:
    """Start measuring coverage; the result stops and reports it."""
    try:
        import coverage  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return None
    sources = [path for path in options.sources if not Path(path).name.startswith(("test_", "conftest"))]
    root = Path.cwd()
    measured = coverage.Coverage(data_file=None, config_file=False, source=[str(root)], messages=False)
    measured.clear_exclude()  # lines do not leave themselves out by a comment
    measured.start()

    def finish(channel: Any) -> None:
        measured.stop()
        files: dict[str, Any] = {}
        for path in sources:
            try:
                _, statements, _, missing, _ = measured.analysis2(str(root / path))
            except Exception:  # noqa: BLE001, S112, RUF100 - a file that cannot be analysed is left out
                continue
            files[path] = [len(statements), missing[:400], len(missing)]
        channel.emit("coverage", files=files)

    return finish


def arguments(options: Options) -> list[str]:
    """For pytest. The project's own settings stay valid, except those that choose tests or change how they end."""
    return [
        *("-q", "-rN", "--color=no", "--maxfail=0", "--continue-on-collection-errors"),
        *(("--tb=no", "--assert=plain") if options.broken else ("--tb=short",)),
        *("-p", "no:cacheprovider", "-p", "no:randomly", "-o", "addopts="),
        *("-o", f"pythonpath={options.pythonpath}", f"--rootdir={Path.cwd()}"),
        *("-o", f"python_files={options.files}", "-o", f"python_functions={options.functions}", *options.words),
        *(word for plugin in options.plugins for word in ("-p", plugin)),
        ".",
    ]


def run(pytest: Any, words: list[str], reporter: Any) -> int:
    """pytest's exit code. A conftest.py that uses broken code is one that cannot be loaded."""
    try:
        return int(pytest.main(words, plugins=[reporter]))
    except BaseException as error:
        if type(error).__name__ != "Broken":
            raise
        return CANNOT_START


def main() -> None:
    report, secret = int(sys.argv[1]), int(sys.argv[2])
    key, options = read_secret(secret)
    reporting, endings, is_test = beside("reporting"), beside("endings"), beside("broken").is_test
    always_equal, leave = beside("equality").always_equal, os._exit
    tests = {f"{Path.cwd()}/{path}" for path in options.sources if is_test(path) or path in options.tests}
    channel = beside("records").Channel(report, key)
    sys.argv[1:] = []
    compile_all(channel, options.sources)
    breaking = break_all(channel, options) if options.broken else None
    plant_canaries(options)
    finish = measure(options) if options.coverage else None
    import pytest

    channel.emit("start", pytest=pytest.__version__, python=sys.version.split()[0])
    watching = beside("intact").Intact, beside("as_written").AsWritten
    intact, written = (None, None) if breaking else [watch(Path.cwd(), options.sources) for watch in watching]
    reporter = reporting.make_reporter(channel, options.each, pytest, endings, breaking, intact, written)
    code = run(pytest, arguments(options), reporter)
    if finish is not None:
        finish(channel)
    channel.emit("equal", classes=always_equal(tests))
    channel.emit("returned", code=code)
    sys.stdout.flush()
    sys.stderr.flush()
    leave(code)


if __name__ == "__main__":
    main()
