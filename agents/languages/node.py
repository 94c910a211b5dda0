"""JavaScript on Node: packages by npm without their scripts, `node --test` under the trusted runner, or `npm test`."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import shutil
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import platformdirs

from agents.verification.box import MIB, Ended, Job, Limits, SandboxUnavailable
from agents.verification.channel import Secret
from agents.verification.evidence import Phase, Status
from agents.verification.groups import task_group
from agents.verification.integrity import javascript_titles
from agents.verification.judge import judge
from agents.verification.session import Session, coverage_of, read_session
from agents.verification.settings import VerificationSettings
from agents.verification.source import Scan
from agents.verification.text import clean, line
from agents.verification.tree import Tree
from agents.verification.vacuity import unheard_of, with_vacuity

from .base import Bench, Linted, Prepared, Suite
from .phases import build_phase, suite_seconds, test_phase

_SOURCE = (".js", ".mjs", ".cjs")
_SOURCES = (*_SOURCE, ".ts", ".jsx", ".tsx")
_TEST = re.compile(r"(?:^|/)(?:test|test[-_][^/]*|[^/]*[.\-_](?:test|spec))\.[cm]?js$")
"""Files that are tests by their name: what `node --test` runs by itself, and what users expect beyond it."""
_TEST_FOLDER = re.compile(r"(?:^|/)(?:tests?|__tests__)/")
"""Files in there are tests when they have a title, else they help tests."""
_OWN_RUNNER = re.compile(r"\bnode\b.*--test\b|no test specified")
_KNOWN_RUNNER = re.compile(
    r"^\s*(?:npx\s+)?(?:(?:c8|nyc|cross-env)\s+(?:\w+=\S+\s+)*)?(?:jest|vitest|mocha|ava|tap|node(?:\s+-\S+)*\s+\S*test\S*)\b[^;|&]*$"
)
_NOT_MEASURED = "not measured for JavaScript"


class Node:
    """Projects with package.json or .js files, and no Python."""

    name = "node"

    def __init__(self, settings: VerificationSettings) -> None:
        self._root = settings.cache_dir or Path(platformdirs.user_cache_dir("code-tumbler"))
        self._timeout = settings.install_timeout
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def recognises(self, tree: Tree) -> bool:
        return "package.json" in tree.paths or any(path.endswith(_SOURCE) for path in tree.paths)

    def is_test(self, path: str) -> bool:
        return bool(
            _TEST.search(path) or _TEST_FOLDER.search(path) or re.search(r"[.\-_](?:test|spec)\.[jt]sx?$", path)
        )

    def is_code(self, path: str) -> bool:
        return path.endswith(_SOURCES)

    async def prepare(self, bench: Bench) -> Prepared:
        if not shutil.which("node"):
            return Prepared(
                Phase("environment", Status.FAILED, "Node is not installed here; run: apt install nodejs npm")
            )
        package = _package(bench.tree)
        if package is None:
            return Prepared(Phase("environment", Status.FAILED, "package.json is no JSON object"))
        if not any(package.get(kind) for kind in ("dependencies", "devDependencies")):
            return Prepared(Phase("environment", Status.OK, "no dependencies"), read_only=_toolchain())
        return await self._install(bench)

    async def _install(self, bench: Bench) -> Prepared:
        named = ("package.json", "package-lock.json")
        files = {path: text for path, text in bench.tree.texts.items() if path in named}
        key = hashlib.sha256(json.dumps([2, shutil.which("node"), files], sort_keys=True).encode()).hexdigest()[:24]
        folder = self._root / "node" / key
        async with self._locks[key]:
            if (folder / ".complete").exists():
                phase = Phase("environment", Status.OK, "packages ready", seconds=0.0)
                return Prepared(phase, environment=folder, read_only=_toolchain())
            return await self._build(bench, files, folder)

    async def _build(self, bench: Bench, files: dict[str, str], folder: Path) -> Prepared:
        place = folder.with_name(f"{folder.name}.tmp-{os.getpid()}")
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        try:
            for name, text in files.items():
                (place / name).write_text(text, encoding="utf-8")
            verb = "ci" if "package-lock.json" in files else "install"
            command = ("npm", verb, "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress")
            job = Job(
                argv=(*command, "--prefix", str(place), "--cache", str(self._root / "npm")),
                read_only=_toolchain(),
                writable=self._root,
                network=True,
                limits=Limits(wall=self._timeout, cpu=600, memory=4096 * MIB, data=4096 * MIB, processes=256),
            )
            ran = await bench.sandbox.run(job)
            if ran.ended is not Ended.EXITED or ran.exit_code:
                return _refused(clean(ran.output, 3000), command, ran.exit_code, ran.seconds)
            (place / ".complete").touch()
            if not folder.exists():
                place.rename(folder)
            phase = Phase("environment", Status.OK, "packages installed", command, 0, ran.seconds)
            return Prepared(phase, environment=folder, read_only=_toolchain())
        finally:
            await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)

    async def test(self, bench: Bench, prepared: Prepared) -> Suite:
        tree, secret = bench.tree, Secret.fresh()
        command, files = _own_command(tree), _test_files(tree)
        folders = [] if command else _canary_folders(files)
        async with task_group() as group:
            main = group.create_task(bench.sandbox.run(self._suite(bench, prepared, secret)))
            again = group.create_task(self._broken(bench, prepared, "all"))
        ran = main.result()
        session = await asyncio.to_thread(read_session, ran, secret)
        scanned = _own_scan(tree) if command else _scan({path: tree.texts[path] for path in files})
        tested = judge(ran, session, scanned, secret, len(folders))
        broken, guarded = again.result(), None
        if bench.settings.vacuity and not command and unheard_of(tested, broken):
            guarded = await self._broken(bench, prepared, "tests")
        tested = with_vacuity(tested, broken, scanned, guarded)
        coverage = coverage_of(session, filter(self.is_test, tree.paths))
        shown = tuple(command or ("node", "--test"))
        unmeasured = {} if coverage else {"coverage": self._why_no_coverage(bench)}
        return Suite((build_phase(session), test_phase(ran, tested, scanned, shown)), tested, coverage, unmeasured)

    def _why_no_coverage(self, bench: Bench) -> str:
        if not bench.settings.coverage:
            return "switched off"
        return "not measured for `npm test`" if _own_command(bench.tree) else "no line of code was seen to run"

    async def _broken(self, bench: Bench, prepared: Prepared, what: str) -> Session:
        """The same tests with `what` broken: `all` functions of the code under test, or each of the `tests`."""
        if not bench.settings.vacuity:
            return Session()
        secret = Secret.fresh()
        ran = await bench.sandbox.run(self._suite(bench, prepared, secret, what))
        return await asyncio.to_thread(read_session, ran, secret)

    def _suite(self, bench: Bench, prepared: Prepared, secret: Secret, broken: str = "") -> Job:
        tree, command = bench.tree, _own_command(bench.tree)
        sources = sorted(path for path in tree.texts if path.endswith(_SOURCE))
        files = _test_files(tree)
        options = {
            "files": files,
            "folders": [] if command else _canary_folders(files),
            "sources": [] if broken else sources[:100],
            "code": [path for path in sources if not self.is_test(path)],
            "each": bench.settings.each_test_timeout,
            "command": command,
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
            limits=bench.limits(suite_seconds(bench, broken=broken == "all")),
        )

    async def lint(self, bench: Bench, prepared: Prepared) -> Linted:  # noqa: ARG002 - the protocol names it
        return Linted(Phase("lint", Status.SKIPPED, _NOT_MEASURED), None)

    def program(self, argv: tuple[str, ...], bench: Bench, prepared: Prepared) -> Job:  # noqa: ARG002
        if argv[0].endswith(_SOURCE):
            argv = ("node", *argv)
        ours = len(argv) > 1 and argv[1].startswith("{trusted}/")  # links the packages itself
        if prepared.environment and not ours:
            argv = ("node", "{trusted}/start_node.mjs", f"{prepared.environment}/node_modules", *argv)
        return Job(argv=argv, environment=prepared.environment, read_only=prepared.read_only)


def _package(tree: Tree) -> dict[str, Any] | None:
    """package.json; an empty object when there is none, None when it is broken."""
    try:
        content = json.loads(tree.texts.get("package.json", "{}"))
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _test_files(tree: Tree) -> list[str]:
    """What is run: files that are tests by their name, and those in a folder of tests that have one."""
    code = {path: text for path, text in tree.texts.items() if path.endswith(_SOURCE)}
    return sorted(
        path
        for path, text in code.items()
        if _TEST.search(path) or (_TEST_FOLDER.search(path) and javascript_titles({path: text}))
    )


def _canary_folders(files: list[str]) -> list[str]:
    return sorted({str(PurePosixPath(path).parent) for path in files})[:20] or ["."]


def _scan(tests: Mapping[str, str]) -> Scan:
    untitled = (path for path, text in sorted(tests.items()) if not javascript_titles({path: text}))
    flags = tuple(f"{path}: no test with a title" for path in untitled)
    return Scan(tests=javascript_titles(tests), flags=flags, by_title=True)


def _own_scan(tree: Tree) -> Scan:
    """For `npm test`, of which only the exit code is seen: it must come from a test runner, and there must be tests."""
    flags = []
    if not _KNOWN_RUNNER.match(_script(tree)):
        flags.append(f"package.json: `npm test` is no plain call of a known test runner: {line(_script(tree), 80)}")
    if not javascript_titles({path: text for path, text in tree.texts.items() if path.endswith(_SOURCES)}):
        flags.append("no file has a test with a title")
    return Scan(flags=tuple(flags), by_title=True)


def _script(tree: Tree) -> str:
    """What `npm test` runs; empty when there is nothing."""
    scripts = (_package(tree) or {}).get("scripts")
    script = scripts.get("test") if isinstance(scripts, dict) else None
    return script.strip() if isinstance(script, str) else ""


def _own_command(tree: Tree) -> list[str] | None:
    """`npm test` when the project has a runner of its own."""
    script = _script(tree)
    return ["npm", "test"] if script and not _OWN_RUNNER.search(script) else None


def _toolchain() -> tuple[Path, ...]:
    """Node's prefix, unless it is the system's."""
    node = Path(shutil.which("node") or "/usr/bin/node").resolve()
    prefix = node.parent.parent
    return () if prefix.is_relative_to("/usr") else (prefix,)


def _refused(output: str, command: tuple[str, ...], code: int, seconds: float) -> Prepared:
    if re.search(r"ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|network", output) and "E404" not in output:
        raise SandboxUnavailable(
            f"the npm registry did not answer while packages were installed: {line(output, 300)}; check the network"
        )
    what = next((part for part in output.splitlines() if "404" in part or "ERR" in part), "no message")
    summary = f"packages could not be installed: {line(what)}"
    return Prepared(Phase("environment", Status.FAILED, summary, command, code, seconds, output))
