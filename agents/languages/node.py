"""JavaScript on Node: packages by npm without their scripts, `node --test` under the trusted runner, or `npm test`."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace

from agents.verification.aware import asking_in_javascript
from agents.verification.box import Job
from agents.verification.channel import Secret
from agents.verification.evidence import Phase, Status
from agents.verification.groups import task_group
from agents.verification.judge import judge
from agents.verification.session import Session, coverage_of, read_session
from agents.verification.settings import VerificationSettings
from agents.verification.source import Scan
from agents.verification.tree import Tree
from agents.verification.vacuity import unheard_of, with_vacuity

from .base import Bench, Linted, Prepared, Suite
from .node_manifest import read_manifest
from .node_package import own_commands, package
from .node_packages import Packages, toolchain
from .node_tests import SOURCE, SOURCES, canary_folders, is_test, own_scan, scan, test_files, typescript_advice
from .phases import build_phase, suite_seconds, test_phase

_NOT_MEASURED = "not measured for JavaScript"


class Node:
    """Projects with package.json or .js files, and no Python."""

    name = "node"

    def __init__(self, settings: VerificationSettings) -> None:
        self._packages = Packages(settings)

    def recognises(self, tree: Tree) -> bool:
        return "package.json" in tree.paths or any(path.endswith(SOURCE) for path in tree.paths)

    def is_test(self, path: str) -> bool:
        return is_test(path)

    def is_code(self, path: str) -> bool:
        return path.endswith(SOURCES)

    async def prepare(self, bench: Bench) -> Prepared:
        if not shutil.which("node"):
            return Prepared(
                Phase("environment", Status.FAILED, "Node is not installed here; run: apt install nodejs npm")
            )
        if package(bench.tree) is None:
            return Prepared(Phase("environment", Status.FAILED, "package.json is no JSON object"))
        advice = () if own_commands(bench.tree) else typescript_advice(bench.tree)
        manifest = await asyncio.to_thread(read_manifest, bench.tree)
        prepared = Prepared(Phase("environment", Status.OK, "no dependencies"), read_only=toolchain())
        if manifest.files:
            prepared = await self._packages.get(manifest.files, bench.sandbox)
        return replace(prepared, advice=advice, notes=manifest.notes)

    async def test(self, bench: Bench, prepared: Prepared) -> Suite:
        tree, secret = bench.tree, Secret.fresh()
        commands, files = own_commands(tree), test_files(tree)
        folders = [] if commands else canary_folders(files)
        async with task_group() as group:
            main = group.create_task(bench.sandbox.run(self._suite(bench, prepared, secret)))
            again = group.create_task(self._broken(bench, prepared, "all"))
        ran = main.result()
        session = await asyncio.to_thread(read_session, ran, secret)
        scanned = await asyncio.to_thread(_scanned, tree, files, session)
        tested = judge(ran, session, scanned, secret, len(folders))
        broken, guarded = again.result(), None
        if bench.settings.vacuity and not commands and unheard_of(tested, broken):
            guarded = await self._broken(bench, prepared, "tests", ran.seconds)
        tested = with_vacuity(tested, broken, scanned, guarded)
        coverage = coverage_of(session, filter(is_test, tree.paths))
        shown = ("npm", "test") if commands else ("node", "--test")
        unmeasured = {} if coverage else {"coverage": self._why_no_coverage(bench)}
        return Suite((build_phase(session), test_phase(ran, tested, scanned, shown)), tested, coverage, unmeasured)

    def _why_no_coverage(self, bench: Bench) -> str:
        if not bench.settings.coverage:
            return "switched off"
        return "not measured for `npm test`" if own_commands(bench.tree) else "no line of code was seen to run"

    async def _broken(self, bench: Bench, prepared: Prepared, what: str, took: float = 0.0) -> Session:
        """The same tests with `what` broken: `all` functions of the code under test, or each of the `tests`."""
        if not bench.settings.vacuity:
            return Session()
        secret = Secret.fresh()
        ran = await bench.sandbox.run(self._suite(bench, prepared, secret, what, took))
        return await asyncio.to_thread(read_session, ran, secret)

    def _suite(self, bench: Bench, prepared: Prepared, secret: Secret, broken: str = "", took: float = 0.0) -> Job:
        tree, commands = bench.tree, own_commands(bench.tree)
        sources = sorted(path for path in tree.texts if path.endswith(SOURCE))
        files = test_files(tree)
        options = {
            "files": files,
            "folders": [] if commands else canary_folders(files),
            "sources": [] if broken else sources[:100],
            "code": [path for path in sources if not is_test(path)],
            "each": bench.settings.each_test_timeout,
            "commands": commands,
            "watched": sorted(path for path in tree.texts if path.endswith((*SOURCES, "package.json"))),
            "modules": f"{prepared.environment}/node_modules" if prepared.environment else None,
            "coverage": bench.settings.coverage and not broken,
            "broken": broken,
        }
        return Job(
            argv=("node", "{trusted}/run_node.mjs", "{report}", "{secret}"),
            source=bench.root,
            environment=prepared.environment,
            read_only=prepared.read_only,
            secret=secret.message(options),
            limits=bench.limits(suite_seconds(bench.settings, broken, took)),
        )

    async def lint(self, bench: Bench, prepared: Prepared) -> Linted:  # noqa: ARG002 - the protocol names it
        return Linted(Phase("lint", Status.SKIPPED, _NOT_MEASURED), None)

    def program(self, argv: tuple[str, ...], bench: Bench, prepared: Prepared) -> Job:  # noqa: ARG002
        if argv[0].endswith(SOURCE):
            argv = ("node", *argv)
        ours = len(argv) > 1 and argv[1].startswith("{trusted}/")  # links the packages itself
        if prepared.environment and not ours:
            argv = ("node", "{trusted}/start_node.mjs", f"{prepared.environment}/node_modules", *argv)
        return Job(argv=argv, environment=prepared.environment, read_only=prepared.read_only)


def _scanned(tree: Tree, files: list[str], session: Session) -> Scan:
    """What the text says of itself; `files` are those with tests."""
    scanned = (
        own_scan(tree) if own_commands(tree) else scan({path: tree.texts[path] for path in files}, session.collected)
    )
    code = {path: text for path, text in tree.texts.items() if path.endswith(SOURCES) and not is_test(path)}
    return replace(scanned, flags=(*scanned.flags, *asking_in_javascript(code)))
