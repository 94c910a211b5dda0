"""The report as one HTML file: nothing is loaded, nothing runs, and it can be sent to somebody or printed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape

from agents.verification.text import clean, count

from .digest import Digest, Round
from .digest_tables import changed, clock, edited, lasted, left_out, minutes, outcome, tests
from .html_chart import chart
from .spending import Sum
from .tables import NONE, UNKNOWN, money, short

MOST_FILES = 40
"""Changed files named in one round."""
MOST_LOST = 5
"""Tests named that no longer passed in one round."""
CAPTION = """Line: score of each iteration; its dot is <span class="good">green</span> when everything passed,
<span class="work">blue</span> when it was the best so far, <span class="bad">red</span> when an earlier one stayed the
best. Bars: the part of the tests that passed."""

STYLE = """
:root { color-scheme: light dark; --ink: #1c2024; --dim: #60646c; --line: #d9dde2; --paper: #fff; --band: #f5f6f8;
  --good: #18794e; --bad: #c62a2f; --held: #946800; --work: #0b68cb; }
@media (prefers-color-scheme: dark) { :root { --ink: #eceef0; --dim: #a0a6ad; --line: #33383e; --paper: #14171a;
  --band: #1c2024; --good: #4cc38a; --bad: #ff8b8b; --held: #f1b43c; --work: #6cb4ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.25rem 4rem; color: var(--ink); background: var(--paper);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.25rem; margin: 0; }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
.dim { color: var(--dim); } p { margin: .25rem 0; }
section { margin-top: 2.5rem; padding-top: 1.25rem; border-top: 1px solid var(--line); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .9rem; }
th { text-align: left; font-weight: 500; color: var(--dim); white-space: nowrap; }
th, td { padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
.number { text-align: right; white-space: nowrap; } .whole { white-space: nowrap; }
:is(th, td):last-child:not(.number) { width: 99%; min-width: 14rem; padding-left: .75rem; }
td:first-child { min-width: 5rem; } .wide { overflow-x: auto; } .file { display: block; }
.badge { font-size: .85rem; font-weight: 600; }
.good { color: var(--good); } .bad { color: var(--bad); } .held { color: var(--held); } .work { color: var(--work); }
.next { background: var(--band); border-left: 3px solid var(--work); padding: .5rem .75rem; margin: .75rem 0; }
summary { color: var(--dim); } details > div { padding: .25rem 0 .5rem; font: .85rem/1.5 ui-monospace, monospace; }
a { color: var(--work); } summary { cursor: pointer; } figcaption { color: var(--dim); font-size: .85rem; }
figure { margin: 0 0 1rem; } svg { width: 100%; height: auto; max-width: 46rem; display: block; }
svg text { fill: var(--dim); font: 12px system-ui, sans-serif; }
svg .strong { fill: var(--ink); font-weight: 600; paint-order: stroke; stroke: var(--paper);
  stroke-width: 3px; }
@media print { :root { color-scheme: light; --ink: #000; --dim: #444; --line: #bbb; --paper: #fff; --band: #fff;
    --good: #18794e; --bad: #c62a2f; --held: #7a5600; --work: #0b4f9e; }
  body { max-width: none; padding: 0; font-size: 10pt; } h2, h3, tr, svg { break-inside: avoid; }
  h2, h3 { break-after: avoid; } summary { list-style: none; } details > div { font-size: .7rem; }
  .file { display: inline; margin-right: .5rem; } table { font-size: .8rem; } td { padding-block: .15rem; }
  details::details-content { content-visibility: visible; block-size: auto; }
  @page { margin: 16mm; } }
"""
_TONES = {"completed": "good", "failed": "bad", "unreadable": "bad", "idle": "dim"} | dict.fromkeys(
    ("waiting", "paused", "exhausted"), "held"
)


def html_page(digests: Sequence[Digest], written: datetime, since: datetime | None = None) -> str:
    """The whole file."""
    span = f", since {since.astimezone():%Y-%m-%d %H:%M}" if since else ""
    title = "Code Tumbler report"
    body = [
        f"<h1>{title}</h1>",
        f'<p class="dim">{written.astimezone():%Y-%m-%d %H:%M}{span}. {count(len(digests), "project")}.</p>',
        _overview(digests) if len(digests) > 1 else "",
        *(_project(number, each) for number, each in enumerate(digests)),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style></head>\n<body>\n" + "\n".join(body) + "\n</body></html>\n"
    )


def _overview(digests: Sequence[Digest]) -> str:
    rows = [
        [
            f'<a href="#p{number}">{_text(each.standing.project)}</a>',
            _badge(each),
            _score(each.standing.best_score),
            *_amounts(each.spent),
        ]
        for number, each in enumerate(digests)
    ]
    anchored = _table(("project", "status", "best", "tokens", "cost", "minutes"), rows, numbers=range(2, 6), whole=(1,))
    return f"<section>{anchored}</section>"


def _project(number: int, found: Digest) -> str:
    row = found.standing
    parts = [
        f"<h2>{_text(row.project)} {_badge(found)}</h2>",
        f'<p class="dim">{_text(found.wanted)}</p>',
        f'<p class="dim">{lasted(found)}</p>' if lasted(found) else "",
        "" if outcome(found) == row.status else f"<p>{_text(outcome(found))}</p>",
        f'<p class="next"><strong>Next:</strong> {_text(row.next)}</p>',
    ]
    if found.rounds:
        parts += ["<h3>Score and tests</h3>", _figure(found.rounds, row.quality_threshold or 0), _rounds(found)]
    if found.earlier:
        parts.append(f'<p class="dim">{left_out(found)}.</p>')
    if found.agents:
        parts += ["<h3>Tokens, cost and minutes of model time</h3>", _agents(found)]
    if told := edited(found):
        parts += ["<h3>By hand</h3>", *(f"<p>{_text(each)}</p>" for each in told)]
    return f'<section id="p{number}">{"".join(parts)}</section>'


def _figure(rounds: Sequence[Round], threshold: float) -> str:
    return f"<figure>{chart(rounds, threshold)}<figcaption>{CAPTION}</figcaption></figure>"


def _rounds(found: Digest) -> str:
    rows = [
        [
            str(each.iteration),
            clock(each.judged, day=True),
            _score(each.score) + (" best" if each.iteration == found.standing.best_iteration else ""),
            tests(each),
            changed(each),
            minutes(each.spent.seconds),
            _text(each.summary) + _lost(each) + _files(each),
        ]
        for each in found.rounds
    ]
    names = ("iteration", "when", "score", "tests", "changed", "minutes", "summary")
    return _table(names, rows, whole=(0, 1, 2, 3, 4), numbers=(5,))


def _lost(each: Round) -> str:
    """Why a round was not kept though its score may be higher."""
    if not each.lost:
        return ""
    more = f" and {len(each.lost) - MOST_LOST} more" if len(each.lost) > MOST_LOST else ""
    return f'<br><span class="bad">no longer passed: {_text(", ".join(each.lost[:MOST_LOST]))}{more}</span>'


def _files(each: Round) -> str:
    if not each.changes:
        return ""
    named = [_change(c.path, c.kind, c.added, c.removed) for c in each.changes[:MOST_FILES]]
    if len(each.changes) > MOST_FILES:
        named.append(f"and {len(each.changes) - MOST_FILES} more")
    against = f", against iteration {each.base}" if each.base else ""
    return f"<details><summary>changed files{against}</summary><div>{' '.join(named)}</div></details>"


def _change(path: str, kind: str, added: int | None, removed: int | None) -> str:
    counted = UNKNOWN if added is None else f"+{added} -{removed}"
    numbers = f'<span class="whole">{counted}</span>'
    return f'<span class="file">{_text(path)} {numbers}{"" if kind == "changed" else f" ({kind})"}</span>'


def _agents(found: Digest) -> str:
    rows = [
        [name, str(spent.calls), str(spent.failed or ""), *_amounts(spent)]
        for name, spent in (*found.agents, ("all", found.spent))
    ]
    return _table(("agent", "calls", "failed", "tokens", "cost", "minutes"), rows, numbers=range(1, 6), whole=(0,))


def _amounts(spent: Sum) -> tuple[str, str, str]:
    if not spent.calls:
        return NONE, NONE, NONE
    cost = money(spent.cost)
    return short(spent.tokens), "unknown" if cost == UNKNOWN else escape(cost), minutes(spent.seconds)


def _badge(found: Digest) -> str:
    status = found.standing.status
    return f'<span class="badge {_TONES.get(status, "work")}">{_text(status)}</span>'


def _score(score: float | None) -> str:
    return "" if score is None else f"{score:.1f}"


def _text(text: str) -> str:
    return escape(clean(text, 2000))


def _table(
    names: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Iterable[int] = (), whole: Iterable[int] = ()
) -> str:
    """`rows` hold HTML."""
    classes = {**dict.fromkeys(numbers, ' class="number"'), **dict.fromkeys(whole, ' class="whole"')}
    head = "".join(f"<th{classes.get(n, '')}>{name}</th>" for n, name in enumerate(names))
    body = "".join(
        "<tr>" + "".join(f"<td{classes.get(n, '')}>{cell}</td>" for n, cell in enumerate(row)) + "</tr>" for row in rows
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
