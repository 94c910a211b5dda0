"""The report, on the terminal and as one HTML file."""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from orchestrator.cli import cli
from orchestrator.digest import Digest, digest
from orchestrator.digest_tables import bar, lasted, outcome, sparkline
from orchestrator.html_page import html_page
from orchestrator.span import moment
from orchestrator.status import standing
from tests.fakes.history import BEGAN, past

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "140")


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, catch_exceptions=False)


def of(root: Path, since: datetime | None = None) -> Digest:
    return digest(root, standing(root), since)


def test_each_round_is_compared_with_the_best_before_it(tmp_path: Path) -> None:
    files = [{"m.py": "x = 1\n" * n} for n in (1, 2, 3)]
    rounds = of(past(tmp_path, rounds=files, scores=(5.0, 4.0, 6.0))).rounds
    assert [each.base for each in rounds] == [None, 1, 1]
    assert [each.changes and (each.changes[0].added, each.changes[0].removed) for each in rounds] == [
        (1, 0),
        (1, 0),
        (2, 0),
    ]


def test_tests_and_costs_are_counted_by_round_and_by_agent(tmp_path: Path) -> None:
    found = of(past(tmp_path))
    assert [(each.passed, each.failed) for each in found.rounds] == [(2, 1), (4, 1), (6, 0)]
    assert [(agent, spent.calls, spent.cost) for agent, spent in found.agents] == [
        ("architect", 1, 0.012),
        ("engineer", 3, 0.036),
        ("verifier", 3, 0.036),
    ]
    assert found.rounds[0].spent.tokens == 3000
    assert found.spent.seconds == 210.0


def test_what_is_lost_is_unknown_and_the_rest_still_told(tmp_path: Path) -> None:
    root = past(tmp_path)
    (root / ".tumbler/iterations/iter1.zip").write_bytes(b"torn")
    (root / ".tumbler/iterations/iter2.json").write_text("{")
    first, second, third = of(root).rounds
    assert (first.changes, second.changes) == (None, None)
    assert second.passed is None
    assert third.changes


def test_a_damaged_usage_file_counts_nothing(tmp_path: Path) -> None:
    root = past(tmp_path)
    (root / ".tumbler/usage.json").write_text("[" * 100_000)
    assert of(root).spent.calls == 0


def test_files_edited_by_hand_are_named(tmp_path: Path) -> None:
    root = past(tmp_path)
    (root / "03_staging/main.py").write_text("mine\n")
    (edit,) = of(root).edits
    assert (edit.path, edit.added, edit.removed) == ("03_staging/main.py", 1, 8)
    assert edit.when
    told = f"edited by hand {edit.when.astimezone():%Y-%m-%d %H:%M}: 03_staging/main.py +1 -8"
    assert told in invoke("report", "--workspace", str(tmp_path), "links").output
    assert told in html_page([of(root)], NOW)


def test_a_plan_and_a_score_corrected_by_hand_are_named(tmp_path: Path) -> None:
    root = past(tmp_path, plan_sha256=hashlib.sha256(b"# Plan\n").hexdigest())
    assert of(root).edits == ()
    (root / "02_plan/PLAN.md").write_text("# Mine\n")
    (root / "04_feedback/REPORT_iter2.md").write_text("Score: 9/10\n")
    assert [edit.path for edit in of(root).edits] == ["02_plan/PLAN.md", "04_feedback/REPORT_iter2.md"]


def test_a_plan_of_which_nobody_noted_who_wrote_it_is_not_said_to_be_edited(tmp_path: Path) -> None:
    root = past(tmp_path)
    (root / "02_plan/PLAN.md").write_text("# Mine\n")
    assert of(root).edits == ()


def test_a_round_in_which_a_persons_edit_was_tested_says_so(tmp_path: Path) -> None:
    root = past(tmp_path, edited={2: ("main.py",)})
    assert [each.edited for each in of(root).rounds] == [(), ("main.py",), ()]
    assert "edited by hand, tested in iteration 2: main.py" in invoke("report", "--workspace", str(tmp_path)).output


def test_only_rounds_judged_since_then_are_shown_and_the_others_counted(tmp_path: Path) -> None:
    root = past(tmp_path)
    found = of(root, BEGAN + timedelta(minutes=4))
    assert [each.iteration for each in found.rounds] == [2, 3]
    assert (found.earlier, found.rounds[0].judged) == (1, BEGAN + timedelta(minutes=5))
    assert [each.base for each in found.rounds] == [1, 2]
    assert "1 earlier round left out" in html_page([found], NOW)
    assert "completed after 3 iterations" in outcome(found)
    told = invoke("report", "--workspace", str(tmp_path), "--since", (BEGAN + timedelta(minutes=4)).isoformat()).output
    assert "1 earlier round left out" in told
    assert "3.1" not in told


def test_rounds_of_before_their_time_was_noted_have_that_of_their_record(tmp_path: Path) -> None:
    root = past(tmp_path)
    record = root / ".tumbler/iterations/iter1.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "judged": None}))
    os.utime(record, (1_800_000_000, 1_800_000_000))
    assert of(root).rounds[0].judged == datetime.fromtimestamp(1_800_000_000, UTC)


def test_the_report_says_what_each_round_failed_of(tmp_path: Path) -> None:
    kept = past(tmp_path) / ".tumbler/state.json"
    remembered = json.loads(kept.read_text())
    remembered["scores"][0]["cause"] = "NameError: x (a.py, line 1)"
    kept.write_text(json.dumps(remembered))
    first, second, _ = of(kept.parent.parent).rounds
    assert first.summary == "2 of 3 tests passed; NameError: x (a.py, line 1)"
    assert second.summary.endswith("tests passed")


def test_the_report_says_from_when_to_when(tmp_path: Path) -> None:
    found = of(past(tmp_path))
    began = BEGAN.astimezone()
    for minutes, ended in ((35, "%H:%M"), (3 * 24 * 60, "%Y-%m-%d %H:%M")):
        last = began + timedelta(minutes=minutes)
        updated = replace(found, standing=replace(found.standing, last_update=last.isoformat()))
        assert lasted(updated) == f"{began:%Y-%m-%d %H:%M} to {last.strftime(ended)}"


def test_only_calls_since_then_are_counted(tmp_path: Path) -> None:
    assert of(past(tmp_path), BEGAN + timedelta(minutes=5)).spent.calls == 3


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({}, "completed after 3 iterations, best 9.2/10 in iteration 3 (8 wanted)"),
        ({"status": "exhausted", "error": "not 10/10 after 3"}, "exhausted: not 10/10 after 3"),
        (
            {"status": "failed", "error": "no plan."},
            "failed after 3 iterations, best 9.2/10 in iteration 3 (8 wanted): no plan",
        ),
    ],
)
def test_how_it_ended_is_one_sentence(tmp_path: Path, state: dict[str, Any], expected: str) -> None:
    assert outcome(of(past(tmp_path, **state))) == expected


def test_the_report_of_one_project_shows_rounds_agents_and_what_is_next(tmp_path: Path) -> None:
    past(tmp_path / "projects", cost=None)
    told = invoke("report", "links").output
    rows = [row.split() for row in told.splitlines()]
    last = next(row for row in rows if row[:1] == ["3"])
    assert (last[3], last[5:12]) == ("9.2", ["best", "6/6", "2", "files", "+4", "-0", "1.0"])
    assert ["all", "7", "10.5k", "?", "3.5"] in rows
    assert "next: there is no zip" in told


def test_the_report_of_all_projects_has_a_row_and_a_next_step_for_each(tmp_path: Path) -> None:
    past(tmp_path / "projects")
    past(tmp_path / "projects", "fresh", rounds=(), scores=(), status="planning")
    told = invoke("report").output
    assert "3.1  6.4  9.2" in told
    assert "fresh  when the daemon runs: the Architect writes" in " ".join(told.split("\n")).replace("  " * 3, "")


@pytest.mark.parametrize("width", [80, 140])
def test_no_line_is_wider_than_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    files = [{"m.py": "x = 1\n" * n} for n in range(1, 20)]
    past(tmp_path / "projects", "n" * 100, rounds=files, scores=[n / 2 for n in range(19)], error="e " * 200)
    past(tmp_path / "projects")
    monkeypatch.setenv("COLUMNS", str(width))
    for arguments in (("report",), ("report", "n" * 100)):
        assert max(map(len, invoke(*arguments).output.splitlines())) <= width


def test_pictures_are_plain_where_the_terminal_knows_only_ascii() -> None:
    assert bar(5, ascii_only=True) == "##########.........."
    assert len(bar(11, ascii_only=False)) == len(bar(-1, ascii_only=False)) == 20
    assert sparkline([0, 5, 10, 12]) == "▁▅██"


def test_since_leaves_out_projects_in_which_nothing_happened(tmp_path: Path) -> None:
    past(tmp_path / "projects")
    assert json.loads(invoke("report", "--since", "2099-01-01", "--json").output) == []
    assert "Nothing happened since 2099-01-01 00:00." in invoke("report", "--since", "2099-01-01").output
    assert len(json.loads(invoke("report", "--since", "2026-01-01", "--json").output)) == 1
    assert "write 90m, 12h, 3d" in " ".join(invoke("report", "--since", "soon").stderr.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90m", NOW - timedelta(minutes=90)),
        ("12h", NOW - timedelta(hours=12)),
        ("1.5d", NOW - timedelta(hours=36)),
        ("2026-03-01T10:00:00+01:00", datetime(2026, 3, 1, 10, tzinfo=timezone(timedelta(hours=1)))),
    ],
)
def test_a_time_is_a_span_or_a_date(text: str, expected: datetime) -> None:
    assert moment(text, NOW) == expected


@pytest.mark.parametrize("text", ["", "h", "-1h", "12", "1y", "999999w", "tomorrow"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no time"):
        moment(text, NOW)


class Tags(HTMLParser):
    """Checks that what is opened is closed, and remembers what there is."""

    VOID = frozenset({"meta", "br", "line", "rect", "circle", "polyline"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.VOID:  # closed in itself
            return
        assert self.open.pop() == tag


def test_the_html_file_is_whole_escaped_and_loads_nothing(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>\"'&\x1b[31m\u202e"
    past(tmp_path, "a", cost=None, error=hostile, status="failed", wanted=hostile)
    past(tmp_path, "<img src=x onerror=y>", rounds=[{"<svg onload=x>.py": "1\n"}], scores=(5.0,))
    tags = Tags()
    text = html_page([of(tmp_path / name) for name in ("a", "<img src=x onerror=y>")], NOW)
    tags.feed(text)
    assert tags.open == []
    assert tags.seen.isdisjoint({"script", "img", "link", "iframe"})
    assert not [name for name, _ in tags.attributes if name == "src" or name.startswith("on")]
    assert {value for name, value in tags.attributes if name == "href"} == {"#p0", "#p1"}
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "unknown" in text


def test_tests_that_a_round_lost_are_named(tmp_path: Path) -> None:
    lost = tuple(f"<t{number}>" for number in range(7))
    root = past(tmp_path, scores=(5.0, 6.0, 4.0), lost={3: lost})
    found = of(root)
    assert [each.lost for each in found.rounds] == [(), (), lost]
    assert "no longer passed: &lt;t0&gt;, &lt;t1&gt;, &lt;t2&gt;, &lt;t3&gt;, &lt;t4&gt; and 2 more" in html_page(
        [found], NOW
    )


def test_the_page_says_what_the_dots_mean_and_counts_nothing_where_nothing_was_asked(tmp_path: Path) -> None:
    past(tmp_path, scores=(5.0, 4.0, 9.0))
    (tmp_path / "fresh").mkdir()
    text = html_page([of(tmp_path / "fresh"), of(tmp_path / "links")], NOW)
    for tone, meaning in (("good", "everything passed"), ("work", "the best so far"), ("bad", "an earlier one stayed")):
        assert f'fill="var(--{tone})"/>' in text
        assert re.search(rf'class="{tone}">\w+</span>[^<,]*{meaning}', text)
    assert text.count("$0.00") == 0


def test_html_is_written_where_it_was_asked_for(tmp_path: Path) -> None:
    past(tmp_path / "projects")
    assert "report.html is written" in invoke("report", "--html", "report.html").output
    assert "<h2>links" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "cannot be written" in invoke("report", "--html", "none/report.html").stderr
