"""What each iteration delivered and how it was judged: `.tumbler/iterations/iterN.zip` and `iterN.json`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict

from .archive import unpack
from .files import Folder
from .project import Project
from .records import content, record

LARGEST_ARCHIVE = 512 << 20
LARGEST_FACTS = 16 << 20


class Facts(BaseModel):
    """How one iteration was judged; what the next round and the report table need of it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    iteration: int
    turn: int
    score: float
    green: bool
    summary: str = ""
    cause: str = ""
    """What failed first, in one line; empty when no test did, or in records of before it was noted."""
    feedback: str = ""
    passed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    afresh: bool = False
    """A new draft, whose tests are not those of the best iteration."""
    report_sha256: str = ""
    program: str = ""
    """Hash of the archive of all its files."""
    judged: datetime | None = None
    """None in records of before it was noted."""
    edited: tuple[str, ...] = ()
    """Files that a person had changed in what was tested."""
    tested_seconds: float | None = None
    """How long building and testing took, without the model's review; None in records of before it was noted."""


def archive_path(iteration: int) -> str:
    return f"{Project.ITERATIONS}/iter{iteration}.zip"


def facts_path(iteration: int) -> str:
    return f"{Project.ITERATIONS}/iter{iteration}.json"


def keep_facts(folder: Folder, facts: Facts) -> None:
    folder.write(facts_path(facts.iteration), facts.model_dump_json(indent=1) + "\n")


def facts_of(folder: Folder, iteration: int | None) -> Facts | None:
    """None when the iteration was never judged, or its record is damaged. Raises FileProblem when it cannot be read."""
    return None if iteration is None else record(folder, facts_path(iteration), Facts, limit=LARGEST_FACTS)


def judged_at(folder: Folder, iteration: int) -> datetime | None:
    """When the iteration was judged; of an old record the file's time, None when there is no record."""
    facts, written = facts_of(folder, iteration), folder.stat(facts_path(iteration))
    if facts is None or written is None:
        return None
    return facts.judged or datetime.fromtimestamp(written.mtime_ns // 10**9, UTC)


def tested_seconds(folder: Folder) -> tuple[float, ...]:
    """How long the project's verifications took, as far as it is known, oldest first."""
    stems = [name.removesuffix(".json") for name in folder.names(Project.ITERATIONS) if name.endswith(".json")]
    numbers = [int(stem.removeprefix("iter")) for stem in stems if stem.removeprefix("iter").isdecimal()]
    judged = [facts for number in numbers if (facts := facts_of(folder, number))]
    judged.sort(key=lambda facts: facts.turn)
    return tuple(facts.tested_seconds for facts in judged if facts.tested_seconds is not None)


def keep_files(folder: Folder, iteration: int, archive: bytes) -> None:
    """Keep the zip of what is verified as iteration `iteration`; the same content is not written again.

    How another content was judged, under an earlier plan for example, goes first: facts are of the zip beside them.
    """
    if folder.read(archive_path(iteration), limit=LARGEST_ARCHIVE) != archive:
        folder.remove(facts_path(iteration))
        folder.write(archive_path(iteration), archive)


def archive_of(folder: Folder, iteration: int | None) -> bytes | None:
    """The zip of what the iteration delivered; None when it was not kept or is damaged. Raises FileProblem."""
    data = _kept(folder, iteration)
    return data if data is not None and unpack(data) is not None else None


def files_of(folder: Folder, iteration: int | None) -> dict[str, bytes] | None:
    """Path -> content of what the iteration delivered; None when it was not kept or is damaged. Raises FileProblem."""
    data = _kept(folder, iteration)
    return None if data is None else unpack(data)


def _kept(folder: Folder, iteration: int | None) -> bytes | None:
    return None if iteration is None else content(folder, archive_path(iteration), limit=LARGEST_ARCHIVE)


def text_of(files: Mapping[str, bytes]) -> dict[str, str]:
    """The files that are UTF-8 text, decoded."""
    texts = {}
    for path, data in files.items():
        try:
            texts[path] = data.decode("utf-8")
        except UnicodeDecodeError:
            continue
    return texts
