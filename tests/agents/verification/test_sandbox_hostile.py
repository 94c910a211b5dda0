"""Every hostile script of tests/data/hostile, loose in each kind of sandbox, as root and as an ordinary user."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agents.verification.sandbox import probe
from tests.fakes.once import once
from tests.fakes.other_user import run_module, why_not

HOSTILE = Path(__file__).parents[2] / "data/hostile"
CASES = sorted(path.name for path in HOSTILE.iterdir())
MODES = [("bwrap", "root"), ("bwrap", "user"), ("landlock", "root"), ("landlock", "user")]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]


def _skip_reason(kind: str, who: str) -> str:
    return why_not(who) or probe(kind).why


def _attack(kind: str, who: str, *names: str) -> dict[str, Any]:
    """One process lets the cases loose, one after the other; without names all of them."""
    found: dict[str, Any] = json.loads(run_module(who, "tests.fakes.victim", kind, "tests/data/hostile", *names))
    return found


@pytest.mark.parametrize(("kind", "who"), MODES)
@pytest.mark.parametrize("case", CASES)
def test_a_hostile_script_does_no_harm(
    kind: str, who: str, case: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if reason := _skip_reason(kind, who):
        pytest.skip(f"{kind} as {who}: {reason}")
    outcome = once(tmp_path_factory, f"{kind}-{who}", lambda: _attack(kind, who))[case]
    assert outcome["harm"] == [], outcome["output"]


HARM_WITHOUT_A_SANDBOX = {
    "03_daemon_env": "it said",
    "05_state_json": "state.json was changed",
    "07_symlink_escape": "state.json was changed",
    "19_net_outside": "it said",
    "20_unix_sockets": "it said",
    "42_modes_of_others": "modes were changed",
    "44_listening": "it said",
}


def test_without_a_sandbox_the_same_scripts_do_harm() -> None:
    """Otherwise the tests above could not fail."""
    if reason := why_not("user"):
        pytest.skip(reason)
    found = _attack("none", "user", *HARM_WITHOUT_A_SANDBOX)
    missed = {
        case: found[case] for case, harm in HARM_WITHOUT_A_SANDBOX.items() if harm not in str(found[case]["harm"])
    }
    assert missed == {}


@pytest.mark.parametrize(("kind", "who"), MODES)
def test_nothing_is_typed_into_the_terminal_of_the_daemon(kind: str, who: str) -> None:
    if reason := _skip_reason(kind, who):
        pytest.skip(f"{kind} as {who}: {reason}")
    said = run_module(who, "tests.fakes.terminal", kind, "tests/data/hostile/26_terminal/project/main.py")
    assert "no:" in said
    assert "ESCAPED" not in said
    assert "echo typed" not in said
