"""What README.md and the other pages say is so: commands parse, files are there, messages stand in the source."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from os.path import normpath
from pathlib import Path

import click
import pytest

from orchestrator import Orchestrator
from orchestrator.cli import cli
from orchestrator.project import Project
from orchestrator.state import Status
from orchestrator.steering import PAUSE, STOP
from tests.fakes.agents import trio
from tests.fakes.daemon import Heard, drop, settings
from tests.fakes.once import once

ROOT = Path(__file__).parents[1]
PAGES = [
    "README.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "contrib/README.md",
    *(f"docs/{p.name}" for p in ROOT.glob("docs/*.md")),
]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
STAND_INS = {"NAME": "hello", "TEXT": "words", "N": "1", "A": "1", "B": "2", "CALL": "1", "AGENT": "engineer"}


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str) -> list[str]:
    """Lines of shell in fenced blocks, without comments, one command each."""
    shell = re.findall(r"```(?:bash|sh|batch)\n(.*?)```", text(page), re.DOTALL)
    lines = [re.sub(r"(?:^|\s)#.*", "", line) for block in shell for line in block.splitlines()]
    return [part.strip() for line in lines for part in line.split("&&") if part.strip()]


def spans(page: str) -> list[str]:
    """Code in running text and tables."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text(page), flags=re.DOTALL))


def after_the_program(command: str) -> list[str] | None:
    """The words that our command line gets; None when the command is another program's."""
    if not re.search(r"code-tumbler|run_orchestrator", command):
        return None
    words = shlex.split(command.split(" >")[0])
    if (
        words[0] in ("systemctl", "journalctl")
        or words[:2] in (["docker", "build"], ["docker", "run"])
        or "->" in words
    ):
        return None
    for position, word in enumerate(words):
        if word in ("code-tumbler", "run_orchestrator.py", "run_orchestrator.bat"):
            return words[position + 1 :]
    return None


def commands(page: str) -> Iterator[list[str]]:
    for command in [*blocks(page), *spans(page)]:
        words = after_the_program(command)
        if words is not None and "..." not in words:
            yield words


def rows(page: str) -> Iterator[list[str]]:
    """What a table of commands says beyond its first code: shorter commands, and options of the row's own."""
    for line in text(page).splitlines():
        codes = re.findall(r"`([^`]+)`", line)
        first = after_the_program(codes[0]) if line.startswith("| `code-tumbler") else None
        for code in codes[1:] if first else ():
            words = code.split()
            if words[0] in cli.commands:
                yield words
            elif words[0].startswith("-"):
                yield [*(first or []), *words]


def parse(words: list[str], folder: Path) -> None:
    """As the program would, without running anything. Raises click.ClickException for what it would refuse."""
    file = folder / "FILE"
    file.touch()
    known = {**STAND_INS, "FILE": str(file)}
    given = [known.get(word, word) for word in (word.strip("[]") for word in words)]
    start = next((position for position, word in enumerate(given) if word in cli.commands), len(given))
    context = cli.make_context("code-tumbler", given[:start])
    if left := [*context._protected_args, *context.args]:
        raise click.UsageError(f"no such command: {left[0]}")
    if start < len(given):
        cli.commands[given[start]].make_context(given[start], given[start + 1 :], parent=context).close()


PARSED = sorted({(page, *words) for page in PAGES for words in [*commands(page), *rows(page)]})


@pytest.mark.parametrize("command", PARSED, ids=" ".join)
def test_every_command_that_a_page_names_is_understood(command: tuple[str, ...], tmp_path: Path) -> None:
    parse(list(command[1:]), tmp_path)


def test_the_readme_names_every_command_of_the_program() -> None:
    named = {word for page, *words in PARSED if page == "README.md" for word in words}
    inward = {"verify", "read-reply"}
    assert set(cli.commands) - named - inward == set()


@pytest.mark.parametrize("command", ["nonsense", "report --nonsense", "new", "run --timeout soon", "--nonsense run"])
def test_what_the_program_would_refuse_is_noticed_here(command: str, tmp_path: Path) -> None:
    with pytest.raises(click.ClickException):
        parse(command.split(), tmp_path)


def test_the_test_command_of_the_readme_is_the_one_that_is_run() -> None:
    run = text(".ci/run").splitlines()
    (command,) = [command for command in blocks("README.md") if command.startswith("uv run") and "pytest" in command]
    assert command in run
    assert command in text(".github/workflows/ci.yml")


def test_extras_and_groups_that_are_named_exist() -> None:
    project = PYPROJECT["project"]
    everywhere = "\n".join(text(page) for page in [*PAGES, "run_orchestrator.py", "run_orchestrator.bat"])
    extras = set(re.findall(r"--extra (\w+)|\.\[(\w+)\]|EXTRAS=(\w+)", everywhere))
    assert {name for names in extras for name in names if name} == set(project["optional-dependencies"])
    assert set(re.findall(r"--group (\w+)", "\n".join(blocks("README.md")))) == set(PYPROJECT["dependency-groups"])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Every path that the daemon makes: for a project completed in its second iteration, for one exhausted."""

    def make() -> list[str]:
        completed = paths_made(tmp_path_factory.mktemp("completed"), scores=(4.0, 9.0))
        return sorted(completed | paths_made(tmp_path_factory.mktemp("exhausted"), scores=(4.0,)))

    return set(once(tmp_path_factory, "paths-made", make))


def paths_made(folder: Path, *, scores: Sequence[float]) -> set[str]:
    drop(folder / "projects", "hello")
    agents, config = trio(scores=scores).agents, settings(max_iterations=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        ended = Orchestrator(folder / "projects", *agents, config=config, view=Heard()).start(
            until_idle=True, timeout=30
        )
    assert ended == int(scores[-1] < 8.0)
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


WRITTEN_BY_PEOPLE = {Project.NOTES, Project.OVERRIDES, PAUSE, STOP, "config.yaml"}
_PATH = re.compile(
    r"[\w.~*-]*(?:/[\w.*-]*)+|[\w.-]+\.(?:md|txt|ya?ml|json|log|bat|py|zip|toml)|(?<=\s)\.manifest\.json"
)


def paths(page: str) -> set[str]:
    """What looks like a path of ours, seen from the root, with its stand-ins filled in; `/...` and `~...` are none."""
    found = {span for span in spans(page) if _PATH.fullmatch(span) and not span.startswith(("/", "~"))}
    if page == "README.md":
        picture = re.findall(r"```\n(.*?)```", text(page), re.DOTALL)
        found |= {path for block in picture for path in re.findall(r"\d\d_\w+/[\w.]+", block)}
    filled = (re.sub(r"YYYYmmdd_HHMMSS|\.{3,4}", "*", path).replace("NAME", "hello") for path in found)
    rooted = (normpath(Path(page).parent / path) if path.startswith("..") else normpath(path) for path in filled)
    return {re.sub(r"iterN\b", "iter1", path) for path in rooted if "://" not in path}


OURS = {"agents", "orchestrator", "providers", "benchmarks", "tests", "docs", "contrib", ".ci", ".github"}
"""Folders of the project itself; whatever else lies at the root is somebody's work, a cache or an environment."""


def own_paths() -> set[str]:
    """Files and folders of the project, as a fresh checkout has them."""
    below = (path for folder in OURS for path in (ROOT / folder).rglob("*") if "__pycache__" not in path.parts)
    top = (path for path in ROOT.iterdir() if path.is_file() or path.name in OURS)
    return {path.relative_to(ROOT).as_posix() for path in (*top, *below)}


OWN = own_paths()
EXAMPLES = {
    ("CHANGELOG.md", "package.json"),
    ("SECURITY.md", "package.json"),
    ("docs/ARCHITECTURE.md", "bank.py"),
    ("docs/EXTENDING.md", "agents/prompts/language_hello.md"),
}
"""What the pages speak of as somebody else's: a generated program's own files, those of a language to be added."""
MADE_BY_RESTORE = {".tumbler/edited"}


def missing(page: str, made: set[str]) -> set[str]:
    """Paths that a page names and that neither the project has, nor the daemon makes, nor a person or a shell."""
    there = OWN | made | WRITTEN_BY_PEOPLE | MADE_BY_RESTORE
    named = {path for path in paths(page) if f"> {path} " not in text(page)}
    return {path for path in named if not any(fnmatch(one, path) or fnmatch(one, f"*/{path}") for one in there)}


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_is_there_or_is_made(page: str, made: set[str]) -> None:
    assert missing(page, made) == {path for where, path in EXAMPLES if where == page}


def test_files_are_named_at_all() -> None:
    assert sum(len(paths(page)) for page in PAGES) > 100


@pytest.mark.parametrize("name", ["pyvenv.cfg", "site-packages/*", "test_output/*", "nothing.py"])
def test_a_file_that_is_not_ours_is_not_there(name: str) -> None:
    assert not any(fnmatch(one, name) or fnmatch(one, f"*/{name}") for one in OWN)


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_file(page: str) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", text(page))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (ROOT / page).parent.joinpath(link).exists()] == []


SOURCE = "\n".join(
    path.read_text(encoding="utf-8")
    for folder in ("agents", "orchestrator", "providers")
    for path in sorted((ROOT / folder).rglob("*.py"))
) + text("run_orchestrator.py")
QUOTED = [
    (page, part)
    for page, pattern in [("docs/TROUBLESHOOTING.md", r"^### `(.*)`$"), ("README.md", r"^\| `([A-Z][^`]{15,})` \|")]
    for message in re.findall(pattern, text(page), re.MULTILINE)
    for part in message.split(" ... ")
]


@pytest.mark.parametrize(("page", "message"), QUOTED)
def test_every_message_that_a_page_quotes_stands_in_the_source(page: str, message: str) -> None:
    assert message in SOURCE


def test_messages_are_quoted_at_all() -> None:
    assert {page for page, _ in QUOTED} == {"docs/TROUBLESHOOTING.md", "README.md"}
    assert len(QUOTED) > 15


def test_every_status_is_explained() -> None:
    told = set(re.findall(r"`(\w+)`", text("docs/TROUBLESHOOTING.md").split("## Model servers")[0]))
    assert {status.value for status in Status} | {"unreadable"} <= told


def test_the_changelog_names_this_version() -> None:
    assert re.search(rf"^## {re.escape(PYPROJECT['project']['version'])}\b", text("CHANGELOG.md"), re.MULTILINE)


def test_the_tests_that_hold_the_security_promises_are_there() -> None:
    table = text("SECURITY.md").split("## Where it is tested")[1]
    named = re.findall(r"`(tests/[^`]+)`", table)
    assert len(named) > 8
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_a_page_names_is_there(page: str) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text(page))
    assert [f"{path}::{name}" for path, name in named if not defines(path, name)] == []


def defines(path: str, name: str) -> bool:
    return re.search(rf"(?m)^(async )?def {name}\(", text(path)) is not None


def test_the_rules_that_security_md_calls_switched_off_are_those_that_are() -> None:
    off = {rule for rule in PYPROJECT["tool"]["ruff"]["lint"]["ignore"] if rule.startswith("S")}
    assert set(re.findall(r"`(S\d+)`", text("SECURITY.md"))) == off
