"""The cache of installed JavaScript packages, with a sandbox that runs nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from agents.languages.base import Prepared
from agents.languages.node_packages import Packages
from agents.verification.box import SandboxUnavailable
from agents.verification.evidence import Status
from agents.verification.settings import VerificationSettings
from tests.fakes.sandbox import ScriptedSandbox, ended

FILES = {"package.json": json.dumps({"dependencies": {"network-utils": "^9"}})}
MISSING = b"npm error code ETARGET\nnpm error notarget No matching version found for network-utils@^9."
OFFLINE = b"npm error code EAI_AGAIN\nnpm error network request to the registry failed"

pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="Node is not installed")


async def install(tmp_path: Path, output: bytes, code: int) -> Prepared:
    packages = Packages(VerificationSettings(cache_dir=tmp_path))
    return await packages.get(FILES, ScriptedSandbox(lambda _: ended(code, output)))


async def test_a_version_that_does_not_exist_is_the_projects_trouble_whatever_it_is_called(tmp_path: Path) -> None:
    prepared = await install(tmp_path, MISSING, 1)
    assert prepared.phase.status is Status.FAILED
    assert prepared.phase.summary.endswith(
        "could not be installed: notarget No matching version found for network-utils@^9."
    )


async def test_a_registry_that_does_not_answer_is_not(tmp_path: Path) -> None:
    with pytest.raises(SandboxUnavailable, match="check the network"):
        await install(tmp_path, OFFLINE, 1)


@pytest.mark.parametrize("lock", [{}, {"package-lock.json": "{}"}])
async def test_no_script_is_run_and_nothing_comes_from_elsewhere_than_the_registry(
    tmp_path: Path, lock: dict[str, str]
) -> None:
    sandbox = ScriptedSandbox()
    await Packages(VerificationSettings(cache_dir=tmp_path)).get(FILES | lock, sandbox)
    (install,) = sandbox.jobs
    assert install.argv[:2] == ("npm", "ci" if lock else "install")
    assert {"--ignore-scripts", "--git=false", "--allow-git=none", "--allow-remote=none"} <= set(install.argv)
    assert (install.writable, install.network, install.source) == (tmp_path, True, None)


async def test_what_was_installed_is_used_again_and_nothing_half_done_is_left(tmp_path: Path) -> None:
    packages, sandbox = Packages(VerificationSettings(cache_dir=tmp_path)), ScriptedSandbox()
    first, second = await packages.get(FILES, sandbox), await packages.get(FILES, sandbox)
    assert first.environment == second.environment
    assert second.phase.summary == "packages ready"
    assert [path.name for path in (tmp_path / "node").iterdir()] == [
        first.environment.name if first.environment else ""
    ]
