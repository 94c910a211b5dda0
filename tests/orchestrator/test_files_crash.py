"""Whatever call a process dies at, each file is old or new, and the next start finishes the work."""

from __future__ import annotations

import runpy
import zipfile
from pathlib import Path

import pytest

from tests.fakes.crash import run

CYCLE = """
import hashlib, sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from orchestrator.archive import pack, publish
from orchestrator.files import Folder

PLACE = globals().get("PLACE") or Path(sys.argv[1])
with Folder.open(PLACE) as folder:
    folder.sweep()
    folder.remove_tree(".tumbler/next")
    with suppress(FileExistsError):
        folder.create(".tumbler/journal/0001.json", "reply" * 1000)
    if folder.read_text("03_staging/a.py") != "new":
        folder.write(".tumbler/next/a.py", "new")
        folder.mkdir("03_staging")
        folder.write("03_staging/a.py", folder.read(".tumbler/next/a.py"))
        folder.remove_tree(".tumbler/next")
    digest = hashlib.sha256(b"new").hexdigest()
    publish(folder, pack(folder.folder("03_staging"), {"a.py": digest}), "p", datetime(2026, 1, 1))
    folder.write(".tumbler/state.json", "done" * 1000)
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("crash") / "cycle.py"
    path.write_text(CYCLE)
    return path


def project(place: Path) -> Path:
    (place / "03_staging").mkdir(parents=True)
    (place / "03_staging/a.py").write_text("old")
    (place / ".tumbler").mkdir()
    (place / ".tumbler/state.json").write_text("at work")
    return place


def require_each_file_old_or_new(place: Path) -> None:
    assert (place / "03_staging/a.py").read_text() in ("old", "new")
    assert (place / ".tumbler/state.json").read_text() in ("at work", "done" * 1000)
    journal = place / ".tumbler/journal/0001.json"
    assert not journal.exists() or journal.read_text() == "reply" * 1000
    for path in place.glob("05_final/*.zip"):
        assert zipfile.ZipFile(path).testzip() is None


def require_finished(place: Path) -> None:
    found = sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())
    expected = [
        ".tumbler/journal/0001.json",
        ".tumbler/state.json",
        "03_staging/a.py",
        "05_final/p_20260101_000000.zip",
    ]
    assert found == expected
    assert (place / "03_staging/a.py").read_text() == "new"
    assert (place / ".tumbler/state.json").read_text() == "done" * 1000


@pytest.mark.slow
def test_a_cycle_killed_at_a_call_is_finished_by_the_next_start(script: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    whole = run(script, [str(project(tmp_path / "whole"))], at=0, log=log)
    assert whole.returncode == 0, whole.stderr.decode()
    require_finished(tmp_path / "whole")
    calls = log.read_text().splitlines()
    assert len(calls) > 20
    for number, call in list(enumerate(calls, 1))[::2]:  # every second, for the sake of time
        for how in ("torn",) if call.startswith("write") else ("after",) if number % 4 == 1 else ("before",):
            place = project(tmp_path / f"{number}-{how}")
            assert run(script, [str(place)], at=number, how=how).returncode == -9, call
            require_each_file_old_or_new(place)
            runpy.run_path(str(script), {"PLACE": place})
            require_finished(place)
