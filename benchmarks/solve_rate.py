"""How many requirements end as right, tested code? The real daemon over tasks with hidden tests.

    python -m benchmarks.solve_rate --provider embedded --sample 8
    python -m benchmarks.solve_rate --config a.yaml --config b.yaml --seeds 1,2,3 --tasks 'node-*'
    python -m benchmarks.solve_rate --provider embedded --without fixers
    python -m benchmarks.solve_rate --report

What is done is kept in OUT/results.jsonl, and is not done again; an interrupted project goes on where it stood.
The model's answers are kept in OUT/replies, and count with the time they took when they were made.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from itertools import chain, zip_longest
from pathlib import Path

import platformdirs
from rich.console import Console

from agents.verification.sandbox import choose
from benchmarks.solve.levers import ALL, LEVERS
from benchmarks.solve.rows import Row, append, read, summary_table, task_table
from benchmarks.solve.task import SIZES, Task, read_tasks
from benchmarks.solve.trial import Configuration, NotFinished, Trial

OUT = Path(platformdirs.user_cache_dir("code-tumbler")) / "solve-rate"


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    console, results = Console(width=None if sys.stdout.isatty() else 150), options.out / "results.jsonl"
    if not options.report:
        _run(list(_trials(options)), results, options.timeout, console)
    rows = read(results)
    for title, table in (("runs", task_table(rows)), ("medians over seeds", summary_table(rows))):
        table.title = title
        console.print(table)


def _run(trials: Sequence[Trial], results: Path, timeout: float, console: Console) -> None:
    done = {row.key for row in read(results)}
    left = [trial for trial in trials if trial.key not in done]
    sandbox = choose("auto")
    console.print(f"{len(trials)} runs, {len(trials) - len(left)} of them done before; sandbox: {sandbox.name}")
    for trial in left:
        try:
            row = trial.run(timeout, sandbox)
        except NotFinished as stopped:
            console.print(f"not finished, start again later: {stopped}", markup=False)
            continue
        append(results, row)
        console.print(_line(row), markup=False)


def _line(row: Row) -> str:
    hidden = f"{row.passed} of {row.passed + len(row.failed)} hidden tests"
    return f"{row.task} (seed {row.seed}): {row.outcome}, {row.iterations} iterations, {hidden}, {row.minutes:.1f} min"


def _trials(options: argparse.Namespace) -> Iterator[Trial]:
    tasks = [task for task in read_tasks() if any(fnmatch(task.name, word) for word in options.tasks.split(","))]
    chosen = sample([task for task in tasks if task.size in options.sizes], options.sample)
    for path in options.config or [None]:
        configuration = Configuration.load(path, options.provider, options.iterations, _words(options.without))
        for seed in map(int, options.seeds.split(",")):
            for task in chosen:
                yield Trial(task, seed, configuration, options.out)


def _words(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(",")))


def sample(tasks: Sequence[Task], number: int | None) -> list[Task]:
    """`number` tasks of all sizes in turn, always the same ones; all of them when None."""
    by_size = [[task for task in tasks if task.size == size] for size in SIZES]
    mixed = [task for task in chain.from_iterable(zip_longest(*by_size)) if task is not None]
    return mixed[:number]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, action="append", help="a config.yaml; may be given several times")
    parser.add_argument("--provider", help="the provider for all three agents")
    parser.add_argument("--iterations", type=int, help="max_iterations, in place of the configured one")
    parser.add_argument("--tasks", default="*", help="names or patterns, with commas between")
    parser.add_argument("--sizes", default="SML", help="S, M, L")
    parser.add_argument("--sample", type=int, help="only so many tasks, of all sizes in turn")
    parser.add_argument("--seeds", default="1", help="numbers with commas between")
    parser.add_argument("--without", default="", help=f"levers to take out, with commas: {', '.join([ALL, *LEVERS])}")
    parser.add_argument("--timeout", type=float, default=3600.0, help="seconds for one project")
    parser.add_argument("--out", type=Path, default=OUT, help=f"results and projects; {OUT}")
    parser.add_argument("--report", action="store_true", help="only print what was measured so far")
    return parser


if __name__ == "__main__":
    main()
