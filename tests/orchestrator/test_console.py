"""What the daemon shows, on a terminal, in a log, and where neither works as it should."""

from __future__ import annotations

import io
import logging
import re
import threading
from dataclasses import replace
from itertools import pairwise
from typing import TextIO, cast

import pytest
from rich.console import Console

from orchestrator.console import open_console
from orchestrator.console_live import LiveConsole
from orchestrator.console_plain import TICK, PlainConsole
from orchestrator.live_table import duration, live_table
from orchestrator.output import Output, honour_locale
from orchestrator.state import State, Status
from orchestrator.tell import tell
from orchestrator.view import HELD_BACK, Level, Row
from tests.fakes.daemon import Heard

HOSTILE = [
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07x",
    "a\rb",
    "a\nb",
    "bell\x07",
    "\u202egnp.exe",
    "\ud800surrogate",
    "\x9b31mc1",
    "[bold]markup[/bold] [/nope] [link=file:///x]y[/link]",
    ":smile:",
    "%s %d {0}",
    "\u2028\u2029\x85",
]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def row(project: str = "p", *, started: float = 1000.0, activity: str = "writing", tokens: int = 0) -> Row:
    return Row(project, "engineering", "Engineer", "model-x", 2, 10, 7.5, activity, tokens, 23.4, started)


def screen(width: int, *, height: int = 24, encoding: str = "utf-8") -> tuple[Console, io.TextIOWrapper]:
    """A terminal of that size, and what was written to it."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    output = cast("TextIO", Output(stream))
    return Console(file=output, width=width, height=height, force_terminal=True, color_system=None), stream


def written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    return cast("io.BytesIO", stream.buffer).getvalue().decode(stream.encoding)


def plain(clock: Clock | None = None, level: str = "info") -> tuple[PlainConsole, io.StringIO]:
    stream = io.StringIO()
    return PlainConsole(stream, level, clock or Clock()), stream


def test_a_plain_line_has_the_time_the_project_and_the_text() -> None:
    console, stream = plain()
    console.say("Architect plans", project="links")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d links: Architect plans\n", stream.getvalue())


def test_a_plain_line_says_what_matters_in_words() -> None:
    console, stream = plain()
    console.say("slow", level=Level.WARNING)
    console.say("broken", level=Level.ERROR)
    assert [line[20:] for line in stream.getvalue().splitlines()] == ["warning: slow", "error: broken"]


@pytest.mark.parametrize("text", HOSTILE)
def test_untrusted_text_stays_one_printable_line_in_a_log(text: str) -> None:
    console, stream = plain()
    console.say(text, project=text)
    (line,) = stream.getvalue().splitlines()
    assert line.isprintable()


@pytest.mark.parametrize("text", HOSTILE)
def test_untrusted_text_does_not_move_the_terminals_cursor(text: str) -> None:
    console, stream = screen(100)
    view = LiveConsole(console)
    view.say(text, project=text)
    view.show(text, row(text, activity=text))
    console.print(view.live.get_renderable())
    shown = written(stream)
    assert shown.replace("\n", "").isprintable()
    assert "\ud800" not in shown


def test_markup_is_shown_as_it_is_written() -> None:
    console, stream = screen(100)
    LiveConsole(console).say("[bold]x[/bold] :smile:", project="[red]p")
    assert "[red]p: [bold]x[/bold] :smile:" in written(stream)


@pytest.mark.parametrize("hint", [None, "mend it."])
@pytest.mark.parametrize("status", [Status.FAILED, Status.WAITING, Status.EXHAUSTED])
def test_no_full_stop_stands_in_the_middle_of_an_event(status: Status, hint: str | None) -> None:
    heard = Heard()
    tell(heard, State(name="p"), State(name="p", status=status, error="It is no plan.", hint=hint))
    assert not re.search(r"\.;", heard.text())
    assert "It is no plan" in heard.text()


def test_a_long_text_is_cut() -> None:
    console, stream = plain()
    console.say("x" * 100_000)
    assert len(stream.getvalue()) < 600


@pytest.mark.parametrize(
    ("log_level", "shown"),
    [
        ("debug", ["debug", "info", "good", "warning", "error"]),
        ("info", ["info", "good", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_the_log_level_says_what_is_shown(log_level: str, shown: list[str]) -> None:
    console, stream = plain(level=log_level)
    for level in Level:
        console.say(level.value, level=level)
    assert [line.rsplit(" ", 1)[1] for line in stream.getvalue().splitlines()] == shown


def test_work_is_never_silent_for_long_and_a_log_never_gets_long() -> None:
    clock = Clock()
    console, stream = plain(clock)
    console.show("p", row(tokens=1234))
    spoke: list[float] = []
    for _ in range(int(12 * 3600 / TICK)):
        clock.now += TICK
        before = stream.tell()
        console.beat()
        if stream.tell() > before:
            spoke.append(clock.now)
    first = stream.getvalue().splitlines()[0]
    assert first.endswith("working: p (Engineer, writing, iteration 2, 1,234 tokens, 8s)")
    assert max(late - early for early, late in pairwise(spoke[:100])) <= 10
    assert max(late - early for early, late in pairwise(spoke)) <= 60
    assert max(sum(start <= when < start + 3600 for when in spoke) for start in spoke) <= 200


@pytest.mark.parametrize("level", [Level.INFO, Level.GOOD, Level.WARNING, Level.ERROR])
def test_a_log_gets_no_more_than_200_lines_an_hour_whatever_happens(level: Level) -> None:
    clock = Clock()
    console, stream = plain(clock)
    console.show("p", row())
    grown: list[float] = []
    for second in range(2 * 3600):
        clock.now += 1
        before = stream.getvalue().count("\n") if second % 60 == 0 else 0
        console.say("something happened", project="q", level=level)
        console.detail("two\nlines") if second % 100 == 0 else None
        console.beat()
        if second % 60 == 0:
            grown.append(before)
    hours = [late - early for early, late in zip(grown, grown[60:], strict=False)]
    assert 100 < max(hours) <= 200


def test_errors_and_scores_are_still_said_in_an_hour_in_which_much_happens() -> None:
    clock = Clock()
    console, stream = plain(clock)
    console.show("p", row())
    for _ in range(1000):
        console.say("something happened")
    console.say("broke", level=Level.ERROR)
    console.say("score 9/10", level=Level.GOOD)
    clock.now += 61
    console.beat()
    *_, error, score, working = stream.getvalue().splitlines()
    assert error.endswith("error: broke")
    assert score.endswith("score 9/10")
    assert re.search(r"working: p .*; 865 lines were left out, see: .* status$", working)


def test_whoever_debugs_is_told_everything() -> None:
    console, stream = plain(level="debug")
    for _ in range(1000):
        console.say("x", level=Level.DEBUG)
    assert stream.getvalue().count("\n") == 1000


def test_the_heartbeat_is_silent_when_nobody_works_or_others_speak() -> None:
    clock = Clock()
    console, stream = plain(clock)
    clock.now += 100
    console.beat()
    console.show("p", row())
    console.say("something")
    clock.now += 7
    console.beat()
    console.show("p", None)
    clock.now += 100
    console.beat()
    assert len(stream.getvalue().splitlines()) == 1


def test_the_heartbeat_names_three_projects_and_counts_the_others() -> None:
    clock = Clock()
    console, stream = plain(clock)
    for number in range(50):
        console.show(f"p{number}", row(f"p{number}"))
    clock.now += 60
    console.beat()
    assert "p0 (" in stream.getvalue()
    assert stream.getvalue().endswith("; and 47 more\n")


@pytest.mark.parametrize("width", [80, 119, 120, 140])
def test_the_table_fits_the_terminal_and_shows_the_longest_activity_whole(width: int) -> None:
    console, stream = screen(width)
    rows = [row("a-rather-long-project-name", activity="waiting to try again", tokens=1_234_567)]
    console.print(live_table(rows, 1000.0 + 3729, width=width, height=24))
    lines = written(stream).splitlines()
    assert all(len(line) <= width for line in lines)
    for part in ("Engineer", "2/10", "7.5", "waiting to try again", "23", "1:02:09"):
        assert part in lines[1]
    assert ("model-x" in lines[1]) == (width >= 120)
    assert "a-rather-long" in lines[1]


def test_many_projects_do_not_fill_the_screen() -> None:
    console, stream = screen(80, height=12)
    rows = [row(f"p{n}", started=1000.0 + n) for n in range(100)]
    console.print(live_table(rows, 2000.0, width=80, height=12))
    lines = written(stream).splitlines()
    assert len(lines) == 7
    assert lines[1].startswith("p0 ")
    assert lines[-1].startswith("and 95 more")


def test_a_terminal_that_knows_only_ascii_gets_question_marks() -> None:
    console, stream = screen(80, encoding="ascii")
    view = LiveConsole(console)
    view.say("wörter 🎉", project="p")
    view.show("p", row("wörter 🎉 " * 20))
    console.print(view.live.get_renderable())
    shown = written(stream)
    assert "w?rter ??" in shown
    assert "~  " in shown
    assert "-" * 80 in shown


@pytest.mark.parametrize(
    ("width", "left", "shown"),
    [
        (140, 0.834, "83%"),
        (140, 0.0, "0%"),
        (140, None, "writing"),
        (80, 0.834, "budget left: 83%\n"),
        (80, 0.18, "budget left: p 18%"),
        (80, None, "writing"),
    ],
)
def test_the_budget_that_is_left_stands_where_there_is_room(width: int, left: float | None, shown: str) -> None:
    console, stream = screen(width)
    console.print(live_table([replace(row(), budget_left=left)], 1000.0, width=width, height=24))
    text = written(stream)
    assert shown in text
    assert ("budget left" in text) == (left is not None)
    assert all(len(each) <= width for each in text.splitlines())


def test_on_a_narrow_screen_the_scarcest_budgets_are_named_first() -> None:
    console, stream = screen(80)
    rows = [replace(row(name), budget_left=left) for name, left in (("a", 0.4), ("b", 0.9), ("c", 0.1))]
    console.print(live_table(rows, 1000.0, width=80, height=24))
    console.print(live_table(rows[1:2] * 2, 1000.0, width=80, height=24))
    assert [each for each in written(stream).splitlines() if "budget" in each] == [
        "budget left: c 10%, a 40%",
        "budget left: 90% or more",
    ]


def test_untouched_budgets_are_not_said_to_be_more_than_all() -> None:
    console, stream = screen(80)
    console.print(live_table([replace(row(name), budget_left=1.0) for name in "ab"], 1000.0, width=80, height=24))
    assert written(stream).splitlines()[-1] == "budget left: 100%"


@pytest.mark.parametrize(
    ("ahead", "shown"),
    [(None, "queued"), (0, "queued, next"), (1, "queued, 1 before it"), (12, "queued, 12 before it")],
)
def test_a_row_that_waits_for_the_server_says_how_many_begin_before_it(ahead: int | None, shown: str) -> None:
    console, stream = screen(80)
    console.print(live_table([replace(row(activity="queued"), ahead=ahead)], 1000.0, width=80, height=24))
    assert re.search(rf" {shown}  ", written(stream))


def test_projects_held_back_say_how_many_come_first() -> None:
    console, stream = screen(80)
    rows = [row("a"), *(row(name, started=1001.0 + n, activity=HELD_BACK) for n, name in enumerate("bcd"))]
    console.print(live_table(rows, 1010.0, width=80, height=24))
    a, b, c, d = (" ".join(each.split()[4:-2]) for each in written(stream).splitlines()[1:])
    assert ("writing" in a, b, c, d) == (True, "waiting, next", "waiting, 1 before it", "waiting, 2 before it")


@pytest.mark.parametrize(
    ("seconds", "latest", "wide", "narrow"),
    [
        (37, False, "writing, about 40 s left", "writing, ~40 s left"),
        (1, False, "writing, about 5 s left", "writing, ~5 s left"),
        (56, False, "writing, about 1 min left", "writing, ~1 min left"),
        (700, True, "writing, at most 12 min left", "writing, <12 min left"),
        (6000, False, "writing, about 2 h left", "writing, ~2 h left"),
        (-1, False, "writing", "writing"),
    ],
)
def test_how_long_a_call_will_be_is_said_roughly(seconds: float, latest: bool, wide: str, narrow: str) -> None:
    expecting = replace(row(), ends=1000.0 + seconds, ends_latest=latest)
    for width, shown in ((140, wide), (80, narrow)):
        console, stream = screen(width)
        console.print(live_table([expecting], 1000.0, width=width, height=24))
        assert re.search(rf" {re.escape(shown)}  ", written(stream))


def test_a_call_whose_end_nobody_knows_says_nothing_of_it() -> None:
    console, stream = plain()
    console.show("p", row())
    console._clock.now += 30  # type: ignore[attr-defined]
    console.beat()
    assert "left" not in stream.getvalue()


@pytest.mark.parametrize(
    ("seconds", "shown"), [(-1, "0s"), (0.9, "0s"), (59, "59s"), (60, "1:00"), (3599, "59:59"), (3600, "1:00:00")]
)
def test_durations(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("environment", "terminal", "shown"),
    [
        ({"LC_ALL": "C"}, True, b"w?rter"),
        ({"LC_ALL": "POSIX"}, True, b"w?rter"),
        ({"LC_ALL": "C"}, False, "wörter".encode()),
        ({"LC_ALL": "C", "PYTHONUTF8": "1"}, True, "wörter".encode()),
        ({"LC_ALL": "C.UTF-8"}, True, "wörter".encode()),
        ({}, True, "wörter".encode()),
    ],
)
def test_a_terminal_in_the_c_locale_gets_ascii_and_a_log_every_letter(
    environment: dict[str, str], terminal: bool, shown: bytes
) -> None:
    class Stream(io.TextIOWrapper):
        def isatty(self) -> bool:
            return terminal

    stream = Stream(io.BytesIO(), encoding="utf-8")
    honour_locale([None, stream], environment)
    stream.write("wörter")
    stream.flush()
    assert cast("io.BytesIO", stream.buffer).getvalue() == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("wörter", "w?rter"),
        ("日本 x", "???? x"),
        ("a long na…", "a long na~"),
        ("e\u0301 x", "e x"),
        ("plain", "plain"),
    ],
)
def test_what_a_terminal_cannot_show_takes_as_much_room_as_it_would(text: str, shown: str) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    Output(stream).write(text)
    assert written(stream) == shown


class Broken(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_a_reader_that_left_does_not_stop_the_daemon() -> None:
    output = Output(Broken())
    console = PlainConsole(cast("TextIO", output))
    console.say("one")
    console.say("two")
    assert output.gone


def test_a_closed_stream_does_not_stop_the_daemon() -> None:
    stream = io.StringIO()
    stream.close()
    with open_console(stream=stream) as view:
        view.say("x")
        view.show("p", row())


def test_no_standard_output_at_all_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", None)
    with open_console() as view:
        view.say("x")


def test_a_pipe_gets_plain_lines_and_a_terminal_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = io.StringIO()
    with open_console(stream=stream) as view:
        assert isinstance(view, PlainConsole)
    monkeypatch.setattr(stream, "isatty", lambda: True)
    with open_console(stream=stream) as view:
        assert isinstance(view, LiveConsole)
    monkeypatch.setenv("TERM", "dumb")
    with open_console(stream=stream) as view:
        assert isinstance(view, PlainConsole)


def test_no_color_is_respected_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: True)
    with open_console(stream=stream) as view:
        view.say("broken", level=Level.ERROR)
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", stream.getvalue())


def test_the_live_console_is_drawn_while_there_is_work_and_ends_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    drawn = threading.Event()

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

        def write(self, text: str) -> int:
            if "Engineer" in text:
                drawn.set()
            return super().write(text)

    before = threading.active_count()
    with open_console(stream=Terminal()) as view:
        view.show("p", row())
        assert drawn.wait(5)
        view.show("p", None)
    assert threading.active_count() == before


def test_our_warnings_are_shown_and_other_peoples_chatter_is_not() -> None:
    stream = io.StringIO()
    with open_console(stream=stream):
        logging.getLogger("providers.client").warning("odd %s", "thing")
        logging.getLogger("orchestrator.watch").info("event")
        logging.getLogger("httpx").info("chatter")
        logging.getLogger("watchdog").warning("overflow")
        logging.getLogger("agents").debug("detail")
    assert [line[20:] for line in stream.getvalue().splitlines()] == [
        "warning: odd thing",
        "event",
        "warning: overflow",
    ]


@pytest.mark.parametrize("terminal", [False, True])
def test_a_traceback_is_shown_whole_below_its_line(monkeypatch: pytest.MonkeyPatch, terminal: bool) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: terminal)
    with open_console(stream=stream):
        try:
            raise KeyError("lost\x1b[31m")  # noqa: TRY301
        except KeyError:
            logging.getLogger("orchestrator.daemon").exception("the cycle broke")
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", stream.getvalue())
    assert shown.index("the cycle broke") < shown.index("    Traceback (most recent call last):")
    assert 'raise KeyError("lost' in shown
    assert "    KeyError: " in shown


def test_loggers_are_as_before_when_the_console_is_closed() -> None:
    root = logging.getLogger()
    before = (list(root.handlers), root.level, logging.getLogger("agents").level)
    with open_console("debug", stream=io.StringIO()):
        pass
    assert (list(root.handlers), root.level, logging.getLogger("agents").level) == before
