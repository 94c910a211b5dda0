"""What every test may rely on."""

import os

import pytest

from agents.verification.box import Sandbox, SandboxUnavailable
from agents.verification.sandbox import choose


def pytest_xdist_auto_num_workers() -> int | None:
    """Half as many again as there are processors: the tests wait for subprocesses half of their time."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return here + here // 2


@pytest.fixture(autouse=True, scope="session")
def _as_if_typed() -> None:
    """Messages name commands as the user typed them; that the tests themselves were started by uv does not count."""
    os.environ.pop("UV", None)


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    """The best one that works here."""
    try:
        return choose("auto")
    except SandboxUnavailable as error:
        pytest.skip(str(error))
