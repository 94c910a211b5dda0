"""The cache of installed JavaScript packages, with a sandbox that runs nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from agents.languages.base import Bench
from agents.languages.node_packages import Packages
from agents.verification.box import SandboxUnavailable
from agents.verification.evidence import Status
from agents.verification.settings import VerificationSettings
from agents.verification.tree import Tree
from tests.fakes.sandbox import ScriptedSandbox, ended

PACKAGE = json.dumps({"dependencies": {"network-utils": "^9"}})
MISSING = b"npm error code ETARGET\nnpm error notarget No matching version found for network-utils@^9."
OFFLINE = b"npm error code EAI_AGAIN\nnpm error network request to the registry failed"

pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="Node is not installed")


def bench(tmp_path: Path, output: bytes, code: int) -> Bench:
    settings = VerificationSettings(cache_dir=tmp_path)
    return Bench(tmp_path, Tree({"package.json": PACKAGE}), ScriptedSandbox(lambda _: ended(code, output)), settings)


async def test_a_version_that_does_not_exist_is_the_projects_trouble_whatever_it_is_called(tmp_path: Path) -> None:
    on = bench(tmp_path, MISSING, 1)
    prepared = await Packages(on.settings).get(on)
    assert prepared.phase.status is Status.FAILED
    assert "ETARGET" in prepared.phase.output


async def test_a_registry_that_does_not_answer_is_not(tmp_path: Path) -> None:
    on = bench(tmp_path, OFFLINE, 1)
    with pytest.raises(SandboxUnavailable, match="check the network"):
        await Packages(on.settings).get(on)


async def test_what_was_installed_is_used_again_and_nothing_half_done_is_left(tmp_path: Path) -> None:
    on = bench(tmp_path, b"", 0)
    packages = Packages(on.settings)
    first, second = await packages.get(on), await packages.get(on)
    assert first.environment == second.environment
    assert second.phase.summary == "packages ready"
    assert [path.name for path in (tmp_path / "node").iterdir()] == [
        first.environment.name if first.environment else ""
    ]
