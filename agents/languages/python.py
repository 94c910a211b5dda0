"""Python: an environment by uv, pytest under the trusted runner, ruff."""

from __future__ import annotations

import asyncio
import json
import re

from agents.verification.box import Ended, Job, Ran
from agents.verification.evidence import Finding, Phase, Status
from agents.verification.imported import distribution, foreign_imports
from agents.verification.sandbox import prefixes
from agents.verification.settings import VerificationSettings
from agents.verification.source import scan
from agents.verification.text import clean, count, line
from agents.verification.tree import Tree
from agents.verification.trusted.broken import is_test

from .base import Bench, Linted, Prepared, Suite
from .python_environment import Built, Environments, python_in
from .python_manifest import Manifest, normalised, read_manifest
from .python_suite import PYTHON, VARIABLES, PythonSuite, site_packages

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
        manifest = await asyncio.to_thread(read_manifest, bench.tree)
        built = await self._environments.get(manifest.requirements, bench.sandbox)
        return Prepared(
            phase=_environment_phase(built, manifest),
            environment=built.folder,
            read_only=prefixes(python_in(built.folder)) if built.folder else (),
            advice=await asyncio.to_thread(_advice, bench.tree, manifest, built),
            notes=manifest.notes,
        )

    async def test(self, bench: Bench, prepared: Prepared) -> Suite:
        return await PythonSuite(bench, prepared).examined()

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
            argv = (PYTHON, *argv[1:])
        elif argv[0] == "pytest":
            argv = (PYTHON, "-m", *argv)
        elif argv[0].endswith(".py"):
            argv = (PYTHON, *argv)
        path = {"PYTHONPATH": "src"} if any(p.startswith("src/") for p in bench.tree.paths) else {}
        return Job(
            argv=argv,
            environment=prepared.environment,
            read_only=prepared.read_only,
            variables={**VARIABLES, **path, "PYTHONIOENCODING": "utf-8"},
        )


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
    packages = site_packages(built.folder) if built.folder else None
    advice = []
    for module, path in sorted(foreign_imports(scan(tree.texts).imports, tree.paths).items()):
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
