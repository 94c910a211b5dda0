"""One SVG for a project: the score of each iteration as a line, its tests as a bar behind it."""

from __future__ import annotations

from collections.abc import Sequence

from .digest import Round

WIDTH, HEIGHT = 640, 200
LEFT, RIGHT, TOP, BOTTOM = 32, 88, 14, 24
LABELLED = 16
"""Iterations up to which each dot carries its score."""


def chart(rounds: Sequence[Round], threshold: float) -> str:
    """`rounds` is not empty; nothing in the picture comes from a project's files but numbers."""
    count = len(rounds)
    spots = [(_x(number, count), _y(each.score)) for number, each in enumerate(rounds)]
    scores = ", ".join(f"{each.score:.1f}" for each in rounds)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Scores by iteration: {scores}">'
        + _axes()
        + "".join(_tests(x, each, count) for (x, _), each in zip(spots, rounds, strict=True))
        + _threshold(threshold)
        + _line(spots)
        + "".join(_dot(x, y, each, labelled=count <= LABELLED) for (x, y), each in zip(spots, rounds, strict=True))
        + _numbers(spots, rounds)
        + "</svg>"
    )


def _x(number: int, count: int) -> float:
    room = WIDTH - LEFT - RIGHT
    return LEFT + room * (number + 0.5) / count


def _y(score: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - score / 10)


def _axes() -> str:
    return "".join(
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_y(score):.1f}" y2="{_y(score):.1f}" stroke="var(--line)"/>'
        f'<text x="{LEFT - 8}" y="{_y(score) + 4:.1f}" text-anchor="end">{score}</text>'
        for score in (0, 5, 10)
    )


def _threshold(score: float) -> str:
    return (
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_y(score):.1f}" y2="{_y(score):.1f}" stroke="var(--good)" '
        f'stroke-dasharray="5 4"/><text x="{WIDTH - RIGHT + 6}" y="{_y(score) + 4:.1f}">{score:g} wanted</text>'
    )


def _tests(x: float, each: Round, count: int) -> str:
    """The part of the tests that passed, as a bar from the floor to the ceiling; none when it is not known."""
    if not each.passed and not each.failed:
        return ""
    passed = (each.passed or 0) / ((each.passed or 0) + (each.failed or 0)) * 10
    width = min(36.0, (WIDTH - LEFT - RIGHT) / count * 0.6)
    bar = f'<rect x="{x - width / 2:.1f}" width="{width:.1f}"'
    return (
        f'{bar} y="{_y(10):.1f}" height="{_y(passed) - _y(10):.1f}" fill="var(--bad)" opacity=".14"/>'
        f'{bar} y="{_y(passed):.1f}" height="{_y(0) - _y(passed):.1f}" fill="var(--good)" opacity=".18"/>'
    )


def _line(spots: Sequence[tuple[float, float]]) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    return f'<polyline points="{points}" fill="none" stroke="var(--work)" stroke-width="2"/>'


def _dot(x: float, y: float, each: Round, *, labelled: bool) -> str:
    tone = "good" if each.green else "work" if each.accepted else "bad"
    dot = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="var(--{tone})"/>'
    above = y - 9 if y > TOP + 16 else y + 18
    return dot + (
        f'<text class="strong" x="{x:.1f}" y="{above:.1f}" text-anchor="middle">{each.score:.1f}</text>'
        if labelled
        else ""
    )


def _numbers(spots: Sequence[tuple[float, float]], rounds: Sequence[Round]) -> str:
    """Iterations below the floor, as many as find room."""
    step = -(-len(rounds) // LABELLED)
    return "".join(
        f'<text x="{x:.1f}" y="{HEIGHT - 6}" text-anchor="middle">{each.iteration}</text>'
        for (x, _), each in list(zip(spots, rounds, strict=True))[::step]
    )
