"""The tests of one Python project under the trusted runner: what the runner is told, and what came of its runs."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from agents.verification.box import Job, Ran
from agents.verification.channel import Secret
from agents.verification.evidence import Coverage
from agents.verification.groups import task_group
from agents.verification.imported import plugins_wanted
from agents.verification.judge import judge
from agents.verification.session import Session, coverage_of, read_session
from agents.verification.source import is_test_file, scan
from agents.verification.tree import Tree
from agents.verification.trusted.broken import is_test
from agents.verification.vacuity import unheard_of, with_vacuity

from .base import Bench, Prepared, Suite
from .phases import build_phase, suite_seconds, test_phase
from .python_pytest import PytestSettings, read_settings

PYTHON = "{env}/Scripts/python.exe" if os.name == "nt" else "{env}/bin/python"
VARIABLES: Mapping[str, str] = {
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
}
_OWN_PROCESS = re.compile(r"\bsubprocess\.\w|from subprocess import|os\.system|pexpect|runpy|pytester")


@dataclass(frozen=True)
class PythonSuite:
    """One project's suite, on the bench."""

    bench: Bench
    prepared: Prepared

    async def examined(self) -> Suite:
        """The verdict, after a run with whole code, one with broken code, and one in which each test has to fail if
        the second did not show that it can."""
        await asyncio.to_thread(lambda: self._own)
        secret = Secret.fresh()
        async with task_group() as group:
            scanning = group.create_task(asyncio.to_thread(scan, self.bench.tree.texts, self._own))
            main = group.create_task(self._run(secret))
            again = group.create_task(self._broken("all"))
        ran, scanned, broken, guarded = main.result(), scanning.result(), again.result(), None
        session = await asyncio.to_thread(read_session, ran, secret)
        tested = await asyncio.to_thread(judge, ran, session, scanned, secret, len(self._folders))
        if self.bench.settings.vacuity and unheard_of(tested, broken):
            guarded = await self._broken("tests", ran.seconds)
        tested = with_vacuity(tested, broken, scanned, guarded)
        coverage = coverage_of(session, {*filter(is_test, self.bench.tree.paths), *self._own})
        phases = (build_phase(session), test_phase(ran, tested, scanned, ("python", "-m", "pytest")))
        return Suite(phases, tested, coverage, self._unmeasured(coverage, session))

    async def _broken(self, what: str, took: float = 0.0) -> Session:
        """The same suite with `what` broken: `all` functions of the code under test, or each of the `tests`."""
        if not self.bench.settings.vacuity:
            return Session()
        secret = Secret.fresh()
        return await asyncio.to_thread(read_session, await self._run(secret, what, took), secret)

    async def _run(self, secret: Secret, broken: str = "", took: float = 0.0) -> Ran:
        bench, prepared = self.bench, self.prepared
        job = Job(
            argv=(PYTHON, "-I", "-B", "{trusted}/run_pytest.py", "{report}", "{secret}"),
            source=bench.root,
            environment=prepared.environment,
            read_only=prepared.read_only,
            secret=secret.message(self._options(broken)),
            variables=VARIABLES,
            limits=bench.limits(suite_seconds(bench.settings, broken, took)),
        )
        return await bench.sandbox.run(job)

    def _options(self, broken: str) -> dict[str, object]:
        """See `Options` in trusted/run_pytest.py."""
        tree, settings = self.bench.tree, self.bench.settings
        return {
            "folders": self._folders,
            "plugins": [*plugins_wanted(tree.texts), *_plugins_in(self.prepared.environment)],
            "pythonpath": " ".join(self._chosen.pythonpath),
            "files": " ".join(self._chosen.files),
            "functions": " ".join(self._chosen.functions),
            "words": self._chosen.words,
            "sources": sorted(tree.ending(".py")),
            "tests": sorted(self._own),
            "each": settings.each_test_timeout,
            "coverage": settings.coverage and not broken,
            "broken": broken,
        }

    def _unmeasured(self, coverage: Coverage | None, session: Session) -> dict[str, str]:
        if not self.bench.settings.coverage:
            return {"coverage": "switched off"}
        if coverage is None:
            return {"coverage": "there is no code but tests" if session.ended else "the test run did not end"}
        if _starts_processes(self.bench.tree):
            return {"coverage": "tests start the program in a process of its own, which is not traced"}
        return {}

    @cached_property
    def _chosen(self) -> PytestSettings:
        return read_settings(self.bench.tree)

    @cached_property
    def _own(self) -> frozenset[str]:
        """Files that only the project's configuration calls tests."""
        return self._chosen.own_tests(self.bench.tree)

    @cached_property
    def _folders(self) -> list[str]:
        """Where canaries go: folders that hold tests, at most 20; the root when there are none."""
        tests = (path for path in self.bench.tree.texts if is_test_file(path) or path in self._own)
        return sorted({str(PurePosixPath(path).parent) for path in tests})[:20] or ["."]


def site_packages(environment: Path) -> Path | None:
    return next(iter(environment.glob("lib/python*/site-packages")), None) or (
        environment / "Lib" / "site-packages" if (environment / "Lib").is_dir() else None
    )


def _starts_processes(tree: Tree) -> bool:
    return any(_OWN_PROCESS.search(text) for path, text in tree.texts.items() if is_test(path))


def _plugins_in(environment: Path | None) -> Iterator[str]:
    """Plugins that the project's own dependencies bring, read from their metadata without running anything."""
    packages = site_packages(environment) if environment else None
    if packages is None:
        return
    for file in sorted(packages.glob("*.dist-info/entry_points.txt")):
        if file.parent.name.startswith(("pytest_asyncio-", "pytest_mock-", "anyio-", "pytest_randomly-")):
            continue
        section = re.search(r"^\[pytest11\]\s*\n((?:[^\[].*\n?)*)", file.read_text(encoding="utf-8"), re.MULTILINE)
        for entry in section[1].splitlines() if section else ():
            if found := re.match(r"^\s*[^=]+=\s*([\w.]+)", entry):
                yield found[1]
