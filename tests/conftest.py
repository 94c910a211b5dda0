"""What every test may rely on."""

import os

import pytest


@pytest.fixture(autouse=True, scope="session")
def _as_if_typed() -> None:
    """Messages name commands as the user typed them; that the tests themselves were started by uv does not count."""
    os.environ.pop("UV", None)
