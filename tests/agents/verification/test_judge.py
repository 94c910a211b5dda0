"""The judge, on records as the runner writes them."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from agents.verification.box import Ended, Ran
from agents.verification.channel import Secret, read_records
from agents.verification.evidence import Outcome, SuiteRun, Verdict
from agents.verification.judge import judge
from agents.verification.session import read_session
from agents.verification.source import Scan
from agents.verification.vacuity import unheard_of, with_vacuity

SECRET = Secret(b"k" * 32, "canary_1")
GOOD, BAD = "t.py::test_a", "t.py::test_b"
CANARIES = ("test_canary_10p.py::test_canary_10p", "test_canary_10f.py::test_canary_10f")


def sealed(*records: dict[str, Any], key: bytes = SECRET.key) -> bytes:
    chain, lines = hashlib.sha256(key).digest(), b""
    for record in records:
        body = json.dumps(record).encode()
        chain = hmac.new(key, chain + body, hashlib.sha256).digest()
        lines += body + b"\t" + chain.hex().encode() + b"\n"
    return lines


def phase(
    name: str, when: str = "call", outcome: str = "passed", raw: str | None = None, **more: Any
) -> dict[str, Any]:
    more = {"xfail": False, "seconds": 0.1, "message": "boom", "frames": [], "output": "", "reached": False} | more
    return {"t": "phase", "id": name, "when": when, "outcome": outcome, "raw": raw, **more}


def ran_test(name: str, outcome: str = "passed", raw: str | None = None, **more: Any) -> list[dict[str, Any]]:
    return [
        {"t": "item", "id": name},
        phase(name, "setup"),
        phase(name, "call", outcome, raw, **more),
        phase(name, "teardown"),
    ]


def session(*tests: list[dict[str, Any]], canaries: bool = True, code: int | None = 1) -> list[dict[str, Any]]:
    records = [{"t": "start"}, *(record for test in tests for record in test)]
    if canaries:
        records += [*ran_test(CANARIES[0]), *ran_test(CANARIES[1], "failed", "AssertionError")]
    if code is not None:
        records += [{"t": "end", "code": code, "collected": 3}, {"t": "returned", "code": code}]
    return records


def verdict(
    records: list[dict[str, Any]], *, code: int = 1, ended: Ended = Ended.EXITED, scan: Scan | None = None
) -> SuiteRun:
    ran = Ran(ended, code, 1.0, b"", 0, report=sealed(*records))
    return judge(ran, read_session(ran, SECRET), scan or Scan(), SECRET, 1)


def test_a_healthy_run_ends_with_one_failed_canary_and_passes() -> None:
    tested = verdict(session(ran_test(GOOD)))
    assert (tested.verdict, tested.reasons) == (Verdict.PASS, ())
    assert [(case.id, case.outcome) for case in tested.tests] == [(GOOD, Outcome.PASSED)]


@pytest.mark.parametrize(
    ("records", "code", "reason"),
    [
        (session(ran_test(GOOD), code=0), 0, "exit code 0, although a canary test must fail"),
        (session(ran_test(GOOD), code=None), 0, "exit code 0, although a canary test must fail"),
        (session(ran_test(GOOD)), 5, "exit code 5, but the runner said 1"),
        (session(ran_test(GOOD), canaries=False), 1, "a canary test came back uncollected, expected passed"),
        (
            session(ran_test(GOOD, "passed", "AssertionError")),
            1,
            f"{GOOD} raised AssertionError but was reported as passed",
        ),
        (
            session(ran_test(GOOD), ran_test(CANARIES[0]), ran_test(CANARIES[1]), canaries=False),
            1,
            "a canary test came back passed, expected failed",
        ),
        ([{"t": "start"}, {"t": "returned", "code": 1}], 1, "the runner's reporter was taken out"),
    ],
)
def test_a_run_that_contradicts_itself_was_tampered_with(records: list[dict[str, Any]], code: int, reason: str) -> None:
    tested = verdict(records, code=code)
    assert tested.verdict is Verdict.TAMPERED
    assert reason in tested.reasons


STOPPED = [
    record
    for canary in CANARIES
    for record in ({"t": "item", "id": canary}, phase(canary, "setup", "failed", "AttributeError"))
]


@pytest.mark.parametrize(
    ("test", "expected", "reasons"),
    [
        (ran_test(GOOD), Verdict.SUSPECT, ("a fixture stops tests that it does not know: boom",)),
        (ran_test(GOOD, "failed", "AssertionError"), Verdict.FAIL, ()),
    ],
)
def test_canaries_that_a_fixture_stops_are_no_contradiction(
    test: list[dict[str, Any]], expected: Verdict, reasons: tuple[str, ...]
) -> None:
    tested = verdict(session(test, STOPPED, canaries=False))
    assert (tested.verdict, tested.reasons) == (expected, reasons)


def test_a_record_with_another_key_ends_the_reading() -> None:
    report = sealed({"t": "start"}) + sealed({"t": "returned", "code": 1}, key=b"x" * 32)
    records, problem = read_records(report, SECRET.key, whole=True)
    assert records == [{"t": "start"}]
    assert problem == "something other than the runner wrote to the report channel"


def test_records_in_another_order_are_not_authentic() -> None:
    first, second = sealed({"t": "start"}, {"t": "end"}).splitlines(keepends=True)
    assert read_records(second + first, SECRET.key, whole=True)[1] != ""


@pytest.mark.parametrize("whole", [True, False])
def test_half_a_record_is_an_offence_only_when_the_run_ended_by_itself(whole: bool) -> None:
    records, problem = read_records(sealed({"t": "start"}) + b'{"t":"it', SECRET.key, whole=whole)
    assert records == [{"t": "start"}]
    assert bool(problem) is whole


def test_a_skip_that_raises_is_no_contradiction() -> None:
    tested = verdict(session(ran_test(GOOD), ran_test(BAD, "skipped", "Skipped")))
    assert (tested.verdict, tested.tests[1].outcome) == (Verdict.PASS, Outcome.SKIPPED)


@pytest.mark.parametrize(
    ("extra", "outcome"),
    [
        (ran_test(BAD, "failed", "AssertionError"), Outcome.FAILED),
        ([{"t": "item", "id": BAD}, phase(BAD, "setup", "failed", "KeyError")], Outcome.ERROR),
        ([{"t": "item", "id": BAD}], Outcome.NOT_RUN),
        ([{"t": "item", "id": BAD}, phase(BAD, "setup")], Outcome.NOT_RUN),
        ([{"t": "collect_error", "id": "t.py", "message": "no", "frames": []}], Outcome.ERROR),
    ],
)
def test_whatever_did_not_pass_fails_the_suite(extra: list[dict[str, Any]], outcome: Outcome) -> None:
    tested = verdict(session(ran_test(GOOD), extra))
    assert tested.verdict is Verdict.FAIL
    assert outcome in [case.outcome for case in tested.tests]


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        (Ended.TIMEOUT, Verdict.TIMEOUT),
        (Ended.MEMORY, Verdict.LIMIT),
        (Ended.OUTPUT, Verdict.LIMIT),
        (Ended.REPORT, Verdict.LIMIT),
    ],
)
def test_a_run_that_was_ended_keeps_what_it_reported(ended: Ended, expected: Verdict) -> None:
    records = [*session(ran_test(GOOD), canaries=False, code=None), {"t": "item", "id": BAD}, {"t": "run", "id": BAD}]
    tested = verdict(records, code=-9, ended=ended)
    assert tested.verdict is expected
    assert [case.outcome for case in tested.tests] == [Outcome.PASSED, Outcome.NOT_RUN]


def test_a_crash_names_the_test_that_was_running() -> None:
    records = [*session(ran_test(GOOD), canaries=False, code=None), {"t": "run", "id": BAD}]
    tested = verdict(records, code=-11)
    assert (tested.verdict, tested.reasons) == (Verdict.FAIL, (f"the test runner ended early in {BAD}: signal 11",))


@pytest.mark.parametrize(
    "scan",
    [Scan(tests=frozenset({GOOD, "t.py::test_gone"})), Scan(flags=("conftest.py: defines pytest_pyfunc_call",))],
)
def test_a_green_run_is_suspect_when_the_source_says_otherwise(scan: Scan) -> None:
    assert verdict(session(ran_test(GOOD)), scan=scan).verdict is Verdict.SUSPECT


def test_parameters_belong_to_the_test_of_the_source() -> None:
    tested = verdict(session(ran_test(f"{GOOD}[1]"), ran_test(f"{GOOD}[2]")), scan=Scan(tests=frozenset({GOOD})))
    assert (tested.verdict, tested.missing) == (Verdict.PASS, ())


def test_tests_of_a_file_that_could_not_be_collected_are_not_missing_too() -> None:
    error = [{"t": "collect_error", "id": "other.py", "message": "no", "frames": []}]
    tested = verdict(session(ran_test(GOOD), error), scan=Scan(tests=frozenset({GOOD, "other.py::test_x"})))
    assert (tested.verdict, tested.missing) == (Verdict.FAIL, ())


def test_no_tests_is_a_verdict_of_its_own() -> None:
    assert verdict(session()).verdict is Verdict.NO_TESTS


def test_mostly_skipped_is_suspect() -> None:
    skipped = [ran_test(f"t.py::test_{n}", "skipped", "Skipped") for n in range(3)]
    assert verdict(session(ran_test(GOOD), *skipped)).verdict is Verdict.SUSPECT


def in_modes(name: str, *, reached: bool = False, failing: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """A test under broken code; `failing`: the modes in which it does not pass."""
    records: list[dict[str, Any]] = [{"t": "item", "id": name}]
    for mode in ("empty", "full", "raise"):
        raw = "Broken" if mode in failing else None
        outcome = "failed" if raw else "passed"
        steps = (("setup", "passed", None), ("call", outcome, raw), ("teardown", "passed", None))
        records += [phase(name, *step, mode=mode, reached=reached and mode == "raise") for step in steps]
    return records


def broken(*tests: list[dict[str, Any]]) -> Any:
    records = [{"t": "broken", "count": 3}, *session(*tests)]
    return read_session(Ran(Ended.EXITED, 1, 1.0, b"", 0, report=sealed(*records)), SECRET)


def test_a_test_that_passes_with_all_code_broken_is_named_only() -> None:
    again = broken(in_modes(GOOD, failing=("empty",)), in_modes(BAD))
    tested = with_vacuity(verdict(session(ran_test(GOOD), ran_test(BAD))), again, Scan())
    assert (tested.verdict, tested.vacuous, tested.empty, tested.broken) == (Verdict.PASS, (BAD,), (), 3)


def test_a_suite_of_such_tests_is_suspect() -> None:
    tested = with_vacuity(verdict(session(ran_test(GOOD))), broken(in_modes(GOOD)), Scan())
    assert tested.verdict is Verdict.SUSPECT
    assert tested.reasons == ("every test passes with all code broken: none of them tests it",)


def test_a_test_that_passes_whatever_the_code_gives_back_is_empty() -> None:
    again = broken(in_modes(GOOD, failing=("full",)), in_modes(BAD, failing=("raise",)))
    tested = with_vacuity(verdict(session(ran_test(GOOD), ran_test(BAD))), again, Scan())
    assert (tested.verdict, tested.vacuous, tested.empty) == (Verdict.PASS, (), (BAD,))


def test_a_suite_that_is_mostly_empty_is_suspect() -> None:
    third = "t.py::test_c"
    again = broken(
        in_modes(GOOD, failing=("raise",)), in_modes(BAD, failing=("raise",)), in_modes(third, failing=("empty",))
    )
    tested = with_vacuity(verdict(session(*map(ran_test, (GOOD, BAD, third)))), again, Scan())
    assert tested.verdict is Verdict.SUSPECT
    assert tested.reasons == ("2 of 3 tests pass whatever the code gives back: they call it and check no result",)


@pytest.mark.parametrize("mode", ["empty", "full"])
def test_a_test_that_was_tried_with_one_kind_of_rubbish_only_is_not_empty(mode: str) -> None:
    records = [record for record in in_modes(BAD) if record.get("mode") == mode]
    tested = with_vacuity(verdict(session(ran_test(BAD))), broken(records), Scan())
    assert (tested.verdict, tested.vacuous, tested.empty) == (Verdict.PASS, (), ())


def test_a_test_that_reaches_the_broken_code_and_passes_is_suspect() -> None:
    main = verdict(session(ran_test(GOOD), ran_test(BAD)))
    tested = with_vacuity(main, broken(in_modes(GOOD, failing=("empty",)), in_modes(BAD, reached=True)), Scan())
    assert tested.verdict is Verdict.SUSPECT
    assert tested.reasons[0].startswith(f"{BAD} passes although the code that it calls raises")


def test_without_anything_to_break_nothing_is_concluded() -> None:
    main = verdict(session(ran_test(GOOD)))
    again = read_session(Ran(Ended.EXITED, 1, 1.0, b"", 0, report=sealed(*session(in_modes(GOOD)))), SECRET)
    assert with_vacuity(main, again, Scan()).verdict is Verdict.PASS


def test_a_test_that_passes_though_its_first_assertion_fails_is_suspect() -> None:
    again = broken([*in_modes(GOOD, failing=("empty",)), phase(GOOD, mode="fail", reached=True)])
    for when in ("setup", "teardown"):
        again.broken_phases[GOOD]["fail"].append(phase(GOOD, when, mode="fail"))
    tested = with_vacuity(verdict(session(ran_test(GOOD))), again, Scan())
    assert tested.verdict is Verdict.SUSPECT
    assert tested.reasons == (f"{GOOD} passes although its first assertion fails: something swallows its failures",)


@pytest.mark.parametrize(
    ("records", "code", "reason"),
    [
        ([{"t": "start"}, {"t": "broken", "count": 1}], 0, "the test runner was left early"),
        ([{"t": "broken", "count": 1}, *session()], 1, "1 of 1 tests did not run"),
    ],
)
def test_a_run_with_broken_code_that_shows_nothing_is_suspect(
    records: list[dict[str, Any]], code: int, reason: str
) -> None:
    again = read_session(Ran(Ended.EXITED, code, 1.0, b"", 0, report=sealed(*records)), SECRET)
    tested = with_vacuity(verdict(session(ran_test(GOOD))), again, Scan())
    assert tested.verdict is Verdict.SUSPECT
    assert tested.reasons[0].startswith(reason)


def test_hooks_that_use_the_code_end_the_run_with_broken_code() -> None:
    records = [{"t": "broken", "count": 1}, *session(code=3)]
    again = read_session(Ran(Ended.EXITED, 3, 1.0, b"", 0, report=sealed(*records)), SECRET)
    assert with_vacuity(verdict(session(ran_test(GOOD))), again, Scan()).verdict is Verdict.PASS


def test_tests_that_use_the_code_at_import_cannot_be_tried_with_broken_code() -> None:
    error = [{"t": "collect_error", "id": "t.py", "message": "Broken", "frames": []}]
    assert with_vacuity(verdict(session(ran_test(GOOD))), broken(error), Scan()).verdict is Verdict.PASS


def test_names_are_shown_without_control_characters() -> None:
    tested = verdict(session(ran_test("t.py::test_a[\x1b[31m\n]")))
    assert tested.tests[0].id == "t.py::test_a[ ]"


def test_what_the_project_changed_in_the_machinery_is_a_reason_and_said_once() -> None:
    records = [*session(ran_test(GOOD)), {"t": "changed", "what": "x.py hooks pytest_pyfunc_call, which can"}]
    assert verdict(records).reasons == ("x.py hooks pytest_pyfunc_call, which can",)
    read = Scan(flags=("x.py: defines pytest_pyfunc_call, which can change it",))
    assert verdict(records, scan=read).reasons == read.flags


@pytest.mark.parametrize(("own", "expected"), [(True, Verdict.PASS), (False, Verdict.SUSPECT)])
def test_a_failure_is_expected_by_the_file_of_the_test_or_not_at_all(own: bool, expected: Verdict) -> None:
    records = session(ran_test(GOOD), ran_test(BAD, "skipped", "AssertionError", xfail=True))
    scan = Scan(expects_failures=frozenset({"t.py"} if own else ()))
    assert verdict(records, scan=scan).verdict is expected


def test_a_file_that_is_skipped_counts_with_each_test_in_it() -> None:
    records = [*session(ran_test(GOOD)), {"t": "collect_skip", "id": "other.py", "message": "no"}]
    tested = verdict(records, scan=Scan(tests=frozenset({GOOD, "other.py::test_x", "other.py::test_y"})))
    assert tested.missing == ()
    assert tested.reasons == ("2 of 3 tests are skipped or expected to fail",)


def test_a_test_that_is_never_made_to_fail_is_suspect() -> None:
    main, again = verdict(session(ran_test(GOOD), ran_test(BAD))), broken(in_modes(GOOD, failing=("empty",)))
    assert unheard_of(main, again)
    guarded = read_session(Ran(Ended.TIMEOUT, -9, 1.0, b"", 0, report=sealed({"t": "broken", "count": 0})), SECRET)
    tested = with_vacuity(main, again, Scan(), guarded)
    assert tested.reasons == (f"2 of 2 tests did not run when they had to fail, the first is {GOOD}",)


def test_a_test_whose_own_text_does_not_run_is_suspect() -> None:
    passing = [phase(GOOD, when, mode="fail") for when in ("setup", "call", "teardown")]
    records = [{"t": "broken", "count": 1, "guarded": ["t.py"]}, *session(passing)]
    again = read_session(Ran(Ended.EXITED, 1, 1.0, b"", 0, report=sealed(*records)), SECRET)
    main = verdict(session(ran_test(GOOD)))
    assert with_vacuity(main, again, Scan(tests=frozenset({GOOD}))).reasons == (
        f"{GOOD} passes without running what its source says",
    )
    assert with_vacuity(main, again, Scan()).verdict is Verdict.PASS
