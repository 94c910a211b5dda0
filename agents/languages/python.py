"""Python: an environment by uv, pytest under the trusted runner, ruff."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath

from agents.verification.box import Ended, Job, Ran
from agents.verification.channel import Secret
from agents.verification.evidence import Finding, Phase, Status
from agents.verification.groups import task_group
from agents.verification.judge import judge
from agents.verification.sandbox import prefixes
from agents.verification.session import Session, coverage_of, read_session
from agents.verification.settings import VerificationSettings
from agents.verification.source import (
    distribution,
    foreign_imports,
    is_test_file,
    plugins_wanted,
    scan,
)
from agents.verification.text import clean, count, line
from agents.verification.tree import Tree
from agents.verification.trusted.broken import is_test
from agents.verification.vacuity import unheard_of, with_vacuity

from .base import Bench, Linted, Prepared, Suite
from .phases import build_phase, suite_seconds, test_phase
from .python_environment import Built, Environments, python_in
from .python_manifest import Manifest, normalised, read_manifest
from .python_pytest import read_settings

_PYTHON = "{env}/Scripts/python.exe" if os.name == "nt" else "{env}/bin/python"
_INTERPRETERS = re.compile(r"^(?:/usr/bin/(?:env )?)?(?:python|python3|py)(?:\.\d+)?(?:\.exe)?$")
_RULES = "E9,F,B006,B011,B015,B018,PLE,S102,S307"
"""Syntax and names, defaults and asserts that do not do what they look like, exec and eval."""
_MARKERS = frozenset({"pyproject.toml", "requirements.txt", "setup.cfg", "setup.py"})


class Python:
    """Projects with .py files."""

    name = "python"

    def __init__(self, settings: VerificationSettings) -> None:
        self._environments = Environments(settings)

    def recognises(self, tree: Tree) -> bool:
        return any(path.endswith(".py") for path in tree.paths) or not _MARKERS.isdisjoint(tree.paths)

    def is_test(self, path: str) -> bool:
        return is_test(path)

    def is_code(self, path: str) -> bool:
        return path.endswith(".py")

    async def prepare(self, bench: Bench) -> Prepared:
        manifest = read_manifest(bench.tree)
        built = await self._environments.get(manifest.requirements, bench.sandbox)
        return Prepared(
            phase=_environment_phase(built, manifest),
            environment=built.folder,
            read_only=prefixes(python_in(built.folder)) if built.folder else (),
            advice=await asyncio.to_thread(_advice, bench.tree, manifest, built),
            notes=manifest.notes,
        )

    async def test(self, bench: Bench, prepared: Prepared) -> Suite:
        secret, own = Secret.fresh(), read_settings(bench.tree).own_tests(bench.tree)
        async with task_group() as group:
            scanning = group.create_task(asyncio.to_thread(scan, bench.tree.texts, own))
            main = group.create_task(bench.sandbox.run(self._suite(bench, prepared, secret)))
            again = group.create_task(self._broken(bench, prepared, "all"))
        ran, scanned = main.result(), scanning.result()
        session = await asyncio.to_thread(read_session, ran, secret)
        folders = len(_canary_folders(bench.tree, own))
        tested = await asyncio.to_thread(judge, ran, session, scanned, secret, folders)
        broken, guarded = again.result(), None
        if bench.settings.vacuity and unheard_of(tested, broken):
            guarded = await self._broken(bench, prepared, "tests", ran.seconds)
        tested = with_vacuity(tested, broken, scanned, guarded)
        coverage = coverage_of(session, {*filter(is_test, bench.tree.paths), *own})
        unmeasured: dict[str, str] = {}
        if coverage is None:
            unmeasured["coverage"] = "switched off" if not bench.settings.coverage else "the test run did not end"
        elif _starts_processes(bench.tree):
            unmeasured["coverage"] = "tests start the program in a process of its own, which is not traced"
        return Suite(
            (build_phase(session), test_phase(ran, tested, scanned, ("python", "-m", "pytest"))),
            tested,
            coverage,
            unmeasured,
        )

    async def _broken(self, bench: Bench, prepared: Prepared, what: str, took: float = 0.0) -> Session:
        """The same suite with `what` broken: `all` functions of the code under test, or each of the `tests`."""
        if not bench.settings.vacuity:
            return Session()
        secret = Secret.fresh()
        ran = await bench.sandbox.run(self._suite(bench, prepared, secret, what, took))
        return await asyncio.to_thread(read_session, ran, secret)

    def _suite(self, bench: Bench, prepared: Prepared, secret: Secret, broken: str = "", took: float = 0.0) -> Job:
        settings, chosen = bench.settings, read_settings(bench.tree)
        own = chosen.own_tests(bench.tree)
        options = {
            "folders": _canary_folders(bench.tree, own),
            "plugins": [*plugins_wanted(bench.tree.texts), *_plugins_in(prepared.environment)],
            "pythonpath": " ".join(chosen.pythonpath),
            "files": " ".join(chosen.files),
            "functions": " ".join(chosen.functions),
            "words": chosen.words,
            "sources": sorted(bench.tree.ending(".py")),
            "tests": sorted(own),
            "each": settings.each_test_timeout,
            "coverage": settings.coverage and not broken,
            "broken": broken,
        }
        return Job(
            argv=(_PYTHON, "-I", "-B", "{trusted}/run_pytest.py", "{report}", "{secret}"),
            source=bench.root,
            environment=prepared.environment,
            read_only=prepared.read_only,
            secret=secret.message(options),
            variables=_variables(),
            limits=bench.limits(suite_seconds(bench.settings, broken, took)),
        )

    async def lint(self, bench: Bench, prepared: Prepared) -> Linted:
        argv = ("{env}/bin/ruff", "check", "--isolated", "--no-cache", "--exit-zero", "--output-format", "json",
                "--select", _RULES, "--ignore", "F405", ".")  # fmt: skip
        job = Job(
            argv=argv,
            source=bench.root,
            environment=prepared.environment,
            read_only=prepared.read_only,
            limits=bench.limits(60.0),
        )
        ran = await bench.sandbox.run(job)
        findings = _findings(ran, bench.tree)
        status = Status.FAILED if findings is None else Status.OK
        summary = "the linter gave no result" if findings is None else count(len(findings), "finding")
        output = clean(ran.output, 800) if findings is None else ""
        return Linted(Phase("lint", status, summary, ("ruff", *argv[1:]), ran.exit_code, ran.seconds, output), findings)

    def program(self, argv: tuple[str, ...], bench: Bench, prepared: Prepared) -> Job:
        if _INTERPRETERS.match(argv[0]):
            argv = (_PYTHON, *argv[1:])
        elif argv[0] == "pytest":
            argv = (_PYTHON, "-m", *argv)
        elif argv[0].endswith(".py"):
            argv = (_PYTHON, *argv)
        path = {"PYTHONPATH": "src"} if any(p.startswith("src/") for p in bench.tree.paths) else {}
        return Job(
            argv=argv,
            environment=prepared.environment,
            read_only=prepared.read_only,
            variables={**_variables(), **path, "PYTHONIOENCODING": "utf-8"},
        )


def _variables() -> Mapping[str, str]:
    return {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}


def _canary_folders(tree: Tree, own: Collection[str] = ()) -> list[str]:
    """Folders that hold tests, at most 20; the root when there are none."""
    folders = {str(PurePosixPath(path).parent) for path in tree.texts if is_test_file(path) or path in own}
    return sorted(folders)[:20] or ["."]


def _starts_processes(tree: Tree) -> bool:
    return any(re.search(r"\bsubprocess\b|os\.system|pexpect|runpy|pytester", text)
               for path, text in tree.texts.items() if is_test(path))  # fmt: skip


def _site_packages(environment: Path) -> Path | None:
    return next(iter(environment.glob("lib/python*/site-packages")), None) or (
        environment / "Lib" / "site-packages" if (environment / "Lib").is_dir() else None
    )


def _plugins_in(environment: Path | None) -> Iterator[str]:
    """Plugins that the project's own dependencies bring, read from their metadata without running anything."""
    packages = _site_packages(environment) if environment else None
    if packages is None:
        return
    for file in sorted(packages.glob("*.dist-info/entry_points.txt")):
        if file.parent.name.startswith(("pytest_asyncio-", "pytest_mock-", "anyio-", "pytest_randomly-")):
            continue
        section = re.search(r"^\[pytest11\]\s*\n((?:[^\[].*\n?)*)", file.read_text(encoding="utf-8"), re.MULTILINE)
        for entry in section[1].splitlines() if section else ():
            if found := re.match(r"^\s*[^=]+=\s*([\w.]+)", entry):
                yield found[1]


def _environment_phase(built: Built, manifest: Manifest) -> Phase:
    number = len(manifest.requirements)
    what = f"{number} {'dependency' if number == 1 else 'dependencies'}" if manifest.requirements else "no dependencies"
    if built.folder is None:
        said = [part for part in built.output.splitlines() if part.strip()] or ["no message"]
        last = next((part for part in said if "not found" in part), said[0])
        return Phase("environment", Status.FAILED, f"dependencies could not be installed: {line(last)}",
                     built.command, built.exit_code, built.seconds, built.output)  # fmt: skip
    state = "ready" if built.cached else "installed"
    return Phase("environment", Status.OK, f"{what}, {state}", built.command, 0, built.seconds)


def _advice(tree: Tree, manifest: Manifest, built: Built) -> tuple[str, ...]:
    """What to add to requirements.txt: imports that nothing in the environment provides."""
    packages = _site_packages(built.folder) if built.folder else None
    advice = []
    for module, path in sorted(foreign_imports(scan(tree.texts), tree.paths).items()):
        if packages and ((packages / module).exists() or any(packages.glob(f"{module}.*"))):
            continue
        name = distribution(module)
        if normalised(name) not in manifest.names:
            advice.append(
                f"{path} imports {module}, which no manifest names: add {name} to requirements.txt, or do without it"
            )
    return tuple(advice[:10])


def _findings(ran: Ran, tree: Tree) -> tuple[Finding, ...] | None:
    if ran.ended is not Ended.EXITED or ran.exit_code:
        return None
    try:
        entries = json.loads(ran.stdout)
    except ValueError:
        return None
    return tuple(
        Finding(
            path=_relative(str(entry["filename"]), tree),
            line=int(entry["location"]["row"]),
            code=line(str(entry["code"] or "syntax")),
            message=line(entry["message"]),
        )
        for entry in entries
    )


def _relative(name: str, tree: Tree) -> str:
    """The project's path of a file that a tool named by its full path inside the sandbox."""
    found = [path for path in tree.paths if name.replace("\\", "/").endswith(f"/{path}")]
    return max(found, key=len, default=line(name))
