"""How long the runs of a test suite may take."""

from __future__ import annotations

import pytest

from agents.languages.phases import suite_seconds
from agents.verification.settings import VerificationSettings


@pytest.mark.parametrize(
    ("broken", "took", "seconds"),
    [("", 0.0, 120.0), ("all", 0.0, 60.0), ("tests", 3.0, 120.0), ("tests", 90.0, 360.0)],
)
def test_the_run_in_which_each_test_has_to_fail_may_take_four_times_as_long_as_the_first(
    broken: str, took: float, seconds: float
) -> None:
    assert suite_seconds(VerificationSettings(test_timeout=120.0), broken, took) == seconds
