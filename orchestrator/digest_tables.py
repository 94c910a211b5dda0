"""The report on the terminal: a row for each project, or one project with its rounds, costs and what is next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from agents.verification.text import count, line

from .difference import total
from .digest import Digest, Round
from .edits import Edit
from .paragraph import paragraph
from .spending import Sum
from .tables import NONE, STYLES, UNKNOWN, WIDE, WORKING, columns, money, next_lines, score_text, short

BAR = 20
"""Cells that a score of 10 takes."""
ROOMY = 100
"""Columns from which on tokens and minutes stand in the overview."""
_BLOCKS = "▁▂▃▄▅▆▇█"


def overview(digests: Sequence[Digest], width: int, *, ascii_only: bool) -> RenderableType:
    """A row for each project, and below it what each of them needs next."""
    wide = width >= ROOMY
    table = columns("project", "status", "scores", "best", *(("tokens", "cost", "minutes") if wide else ("cost",)))
    for column in table.columns[3:]:
        column.justify, column.no_wrap = "right", True
    for each in digests:
        row = each.standing
        tokens, cost, spent = _amounts(each.spent)
        cells = (tokens, cost, spent) if wide else (cost,)
        name = Text(line(row.project, 60), style="bold")
        scores = _scores(each, ascii_only=ascii_only, most=12 if wide else 3)
        table.add_row(name, _status(each), scores, score_text(row.best_score), *cells)
    return Group(table, Text(""), next_lines([each.standing for each in digests], width))


def _scores(found: Digest, *, ascii_only: bool, most: int) -> Text:
    values = [each.score for each in found.rounds]
    if not values:
        return Text(NONE)
    left_out = ("..." if ascii_only else "… ") if len(values) > most else ""
    spark = "" if ascii_only else f"{sparkline(values[-12:])} "
    return Text(spark + left_out + "  ".join(score_text(value) for value in values[-most:]))


def page(found: Digest, width: int, *, ascii_only: bool) -> RenderableType:
    """All about one project."""
    parts: list[RenderableType] = [_head(found), Text("")]
    if found.rounds:
        parts += [_rounds(found, width, ascii_only=ascii_only), Text("")]
    if found.earlier:
        parts += [Text(left_out(found), style="dim"), Text("")]
    if found.agents:
        parts += [_agents(found), Text("")]
    if told := edited(found):
        parts += [*(Text(line(each, 400), style="yellow") for each in told), Text("")]
    following = Text(paragraph(f"next: {line(found.standing.next, 600)}", width))
    following.stylize("bold", 0, len("next:"))
    parts.append(following)
    return Group(*parts)


def sparkline(scores: Iterable[float]) -> str:
    """A block for each score of 0 to 10."""
    return "".join(_BLOCKS[max(0, min(7, round(score / 10 * 7)))] for score in scores)


def outcome(found: Digest) -> str:
    """How it ended, or stands, and why, in a sentence."""
    row = found.standing
    best = "" if row.best_score is None else f", best {row.best_score:g}/10 in iteration {row.best_iteration}"
    if best and row.quality_threshold is not None:
        best += f" ({row.quality_threshold:g} wanted)"
    reason = f": {line(row.error.rstrip('. '), 400)}" if row.error else ""
    if row.status == "exhausted":
        return f"exhausted{reason}"
    rounds = f" after {count(len(row.scores), 'iteration')}" if row.scores else ""
    return f"{row.status}{rounds}{best}{reason}"


def lasted(found: Digest) -> str:
    """From when to when, in local time; empty before the work has begun."""
    row = found.standing
    if row.start_time is None or row.last_update is None:
        return ""
    began, last = (datetime.fromisoformat(text).astimezone() for text in (row.start_time, row.last_update))
    ended = f"{last:%H:%M}" if began.date() == last.date() else f"{last:%Y-%m-%d %H:%M}"
    return f"{began:%Y-%m-%d %H:%M} to {ended}"


def left_out(found: Digest) -> str:
    return f"{count(found.earlier, 'earlier round')} left out"


def edited(found: Digest) -> list[str]:
    """A line for what a person changed: in rounds that were tested, and what stands so now."""
    tested = [
        f"edited by hand, tested in iteration {r.iteration}: {', '.join(r.edited)}" for r in found.rounds if r.edited
    ]
    return tested + [f"edited by hand{_at(edit.when)}: {edit.path}{_by(edit)}" for edit in found.edits]


def _at(when: datetime | None) -> str:
    return "" if when is None else f" {when.astimezone():%Y-%m-%d %H:%M}"


def _by(edit: Edit) -> str:
    return "" if edit.added is None else f" +{edit.added} -{edit.removed}"


def clock(moment: datetime | None, *, day: bool) -> str:
    """In local time; empty when it is not known."""
    if moment is None:
        return ""
    return f"{moment.astimezone():%m-%d %H:%M}" if day else f"{moment.astimezone():%H:%M}"


def changed(each: Round) -> str:
    """`3 files +120 -4`; a question mark when it is not known."""
    if each.changes is None:
        return UNKNOWN
    if not each.changes:
        return "nothing"
    added, removed = total(each.changes)
    return f"{count(len(each.changes), 'file')} +{added} -{removed}"


def tests(each: Round) -> str:
    """`8/10`; a question mark when it is not known."""
    if each.passed is None or each.failed is None:
        return UNKNOWN
    return f"{each.passed}/{each.passed + each.failed}"


def minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f}"


def _head(found: Digest) -> Group:
    row = found.standing
    style = STYLES.get(row.status, WORKING)
    title = Text.assemble((line(row.project, 60), "bold"), "  ", (outcome(found), style))
    below = (found.wanted, lasted(found))
    return Group(title, *(Text(line(each, 200), style="dim") for each in below if each))


def _rounds(found: Digest, width: int, *, ascii_only: bool) -> Table:
    wide, roomy = width >= WIDE, width >= ROOMY
    more = (*(("minutes",) if roomy else ()), *(("summary",) if wide else ()))
    table = columns("iter", "when", "score", "", "tests", "changed", *more, right=(0, 2, 4, 6))
    for each in found.rounds:
        best = each.iteration == found.standing.best_iteration
        style = "green" if each.green else "yellow" if each.accepted else "red"
        cells = [
            Text(str(each.iteration)),
            Text(clock(each.judged, day=roomy), style="dim"),
            Text(score_text(each.score), style="bold" if best else ""),
            Text.assemble((bar(each.score, ascii_only=ascii_only), style), ("  best" if best else "", "bold")),
            Text(tests(each)),
            Text(changed(each)),
        ]
        cells += [Text(minutes(each.spent.seconds))] if roomy else []
        table.add_row(*cells, *([Text(line(each.summary, 300))] if wide else []))
    return table


def bar(score: float, *, ascii_only: bool) -> str:
    """As long as the score is high, padded to the length of 10."""
    cells = max(0, min(BAR, round(score / 10 * BAR)))
    full, empty = ("#", ".") if ascii_only else ("━", "·")
    return full * cells + empty * (BAR - cells)


def _agents(found: Digest) -> Table:
    table = columns("agent", "calls", "failed", "tokens", "cost", "minutes", right=range(1, 6))
    for agent, spent in (*found.agents, ("all", found.spent)):
        failed = Text(str(spent.failed) if spent.failed else "", style="yellow")
        table.add_row(Text(agent), str(spent.calls), failed, *_amounts(spent))
    return table


def _amounts(spent: Sum) -> tuple[str, str, str]:
    if not spent.calls:
        return NONE, NONE, NONE
    return short(spent.tokens), money(spent.cost), minutes(spent.seconds)


def _status(found: Digest) -> Text:
    return Text(found.standing.status, style=STYLES.get(found.standing.status, WORKING))
