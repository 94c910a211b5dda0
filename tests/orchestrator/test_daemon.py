import json
import zipfile
from pathlib import Path

from tests.fakes.agents import trio
from tests.fakes.daemon import drop, running, state, until_status


async def test_a_dropped_requirements_file_becomes_a_zip(tmp_path: Path) -> None:
    agents = trio(scores=(4.0, 9.0))
    async with running(tmp_path, agents) as heard:
        drop(tmp_path, "hello")
        await until_status(tmp_path, "hello", "completed", "failed")
    now = state(tmp_path, "hello")
    assert (now["status"], now["iteration"], now["last_score"]) == ("completed", 2, 9.0), heard.text()
    (made,) = (tmp_path / "hello" / "05_final").iterdir()
    with zipfile.ZipFile(made) as archive:
        assert archive.read("main.py") == b"print(2)\n"
    usage = json.loads((tmp_path / "hello" / ".tumbler" / "usage.json").read_text())
    assert usage["total_tokens"] == 5 * 110
    assert usage["by_agent"]["engineer"] == {"tokens": 220, "cost": 0.0, "calls": 2}
