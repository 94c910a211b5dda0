"""The cache of Python environments, with a sandbox that runs nothing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents.languages.python_environment import Environments, IndexUnavailable, python_in
from agents.verification.box import Job, Ran
from agents.verification.settings import VerificationSettings
from tests.fakes.sandbox import ScriptedSandbox, ended

UNKNOWN_NAME = b"""\
  x No solution found when resolving dependencies:
  `-> Because certificate-network was not found in the package registry and you require it, your requirements are
      unsatisfiable."""
UNKNOWN = b"Because nosuch was not found in the package registry and you require nosuch, nothing can be done."


def environments(tmp_path: Path, **settings: object) -> Environments:
    return Environments(VerificationSettings(cache_dir=tmp_path, **settings))  # type: ignore[arg-type]


def make(job: Job) -> Ran:
    """Does what uv would: `uv venv` makes the folder."""
    if "venv" in job.argv:
        python = python_in(Path(job.argv[-1]))
        python.parent.mkdir(parents=True)
        python.touch()
    return ended()


async def test_an_environment_is_built_once_and_found_again(tmp_path: Path) -> None:
    sandbox = ScriptedSandbox(make)
    first = await environments(tmp_path).get(("requests",), sandbox)
    again = await environments(tmp_path).get(("requests",), sandbox)
    assert (first.folder, first.cached, again.folder, again.cached) == (again.folder, False, first.folder, True)
    assert len(sandbox.jobs) == 2


def days_ago(days: int) -> str:
    """The beginning of that day; a date alone would be the end of it, in the zone of this machine."""
    return f"{(datetime.now(UTC) - timedelta(days=days)).date().isoformat()}T00:00:00Z"


async def test_only_wheels_of_some_age_are_installed_and_only_into_the_cache(tmp_path: Path) -> None:
    sandbox = ScriptedSandbox(make)
    before = days_ago(7)
    await environments(tmp_path).get((), sandbox)
    install = sandbox.jobs[1]
    assert "--only-binary :all:" in " ".join(install.argv)
    # Midnight may have passed meanwhile.
    assert install.argv[install.argv.index("--exclude-newer") + 1] in {before, days_ago(7)}
    assert (install.writable, install.network, install.source) == (tmp_path, True, None)


async def test_how_old_a_wheel_must_be_can_be_set_and_taken_away(tmp_path: Path) -> None:
    sandbox, before = ScriptedSandbox(make), days_ago(30)
    await environments(tmp_path / "a", exclude_newer_days=30).get((), sandbox)
    await environments(tmp_path / "b", exclude_newer_days=0).get((), sandbox)
    aged, fresh = (job.argv for job in sandbox.jobs if "install" in job.argv)
    assert aged[aged.index("--exclude-newer") + 1] in {before, days_ago(30)}
    assert "--exclude-newer" not in fresh


async def test_other_requirements_get_another_environment(tmp_path: Path) -> None:
    cache, sandbox = environments(tmp_path), ScriptedSandbox(make)
    folders = {(await cache.get(wanted, sandbox)).folder for wanted in ((), ("a",), ("a", "b"))}
    assert len(folders) == 3


async def test_two_projects_at_once_build_it_once(tmp_path: Path) -> None:
    cache, sandbox = environments(tmp_path), ScriptedSandbox(make)
    await asyncio.gather(*(cache.get(("a",), sandbox) for _ in range(5)))
    assert len(sandbox.jobs) == 2


async def test_what_another_process_finished_first_is_used(tmp_path: Path) -> None:
    def race(job: Job) -> Ran:
        if "install" in job.argv:
            made = Path(job.argv[job.argv.index("--python") + 1]).parent.parent
            rival = tmp_path / "envs" / made.parent.name.partition(".tmp-")[0]
            python_in(rival).parent.mkdir(parents=True)
            python_in(rival).touch()
            (rival / ".complete").touch()
            (rival / "rival").touch()
        return make(job)

    built = await environments(tmp_path).get(("a",), ScriptedSandbox(race))
    assert built.folder is not None
    assert (built.folder / "rival").exists()


async def test_a_refused_requirement_is_evidence_and_leaves_nothing_behind(tmp_path: Path) -> None:
    sandbox = ScriptedSandbox(lambda job: ended(1, UNKNOWN) if "install" in job.argv else make(job))
    built = await environments(tmp_path).get(("nosuch",), sandbox)
    assert built.folder is None
    assert "nosuch was not found" in built.output
    assert list((tmp_path / "envs").iterdir()) == []


async def test_a_package_that_does_not_exist_is_no_trouble_of_the_network_whatever_it_is_called(tmp_path: Path) -> None:
    sandbox = ScriptedSandbox(lambda job: ended(1, UNKNOWN_NAME) if "install" in job.argv else make(job))
    assert (await environments(tmp_path).get(("certificate-network",), sandbox)).folder is None


async def test_an_index_that_does_not_answer_is_not_the_projects_fault(tmp_path: Path) -> None:
    offline = b"error: Request failed after 3 retries\n  Caused by: error sending request: dns error"
    sandbox = ScriptedSandbox(lambda job: ended(2, offline) if "install" in job.argv else make(job))
    with pytest.raises(IndexUnavailable, match="check the network"):
        await environments(tmp_path).get(("a",), sandbox)


async def test_a_half_built_environment_of_a_dead_process_is_swept_and_built_anew(tmp_path: Path) -> None:
    dead = tmp_path / "envs" / "abc.tmp-4194305"
    dead.mkdir(parents=True)
    built = await environments(tmp_path).get((), ScriptedSandbox(make))
    assert built.folder is not None
    assert not dead.exists()


async def test_an_environment_whose_interpreter_is_gone_is_built_again(tmp_path: Path) -> None:
    cache, sandbox = environments(tmp_path), ScriptedSandbox(make)
    first = await cache.get((), sandbox)
    assert first.folder is not None
    python_in(first.folder).unlink()
    again = await cache.get((), sandbox)
    assert (again.folder, again.cached) == (first.folder, False)
    assert python_in(first.folder).exists()
