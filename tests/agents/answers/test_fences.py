"""The format that prompts ask for: files in fenced blocks that bear a name."""

from __future__ import annotations

import pytest

from agents.answers import Reason, Rejected, fenced, fenced_files, read_reply

_CODE = "import sys\n\nprint(sys.argv)\n"


@pytest.mark.parametrize(
    "head",
    [
        "### FILE: src/app.py\n```python",
        "### FILE: `src/app.py`\n\n```python",
        "### File: src/app.py (new)\n```python",
        "=== FILE: src/app.py ===\n```",
        "--- src/app.py ---\n```python",
        "FILE: src/app.py\nIt prints its arguments.\n\n```python",
        "File: src/app.py\n~~~python",
        "**src/app.py**\n```py",
        "**File:** `src/app.py`\n```python",
        "**File: `src/app.py`**\n```python",
        "`src/app.py`:\n```python",
        "#### 1. `src/app.py`\n```python",
        "- src/app.py\n```python",
        "src/app.py\n```python",
        "```python path=src/app.py",
        "```python src/app.py",
        "```python:src/app.py",
        "```src/app.py",
        '```python title="src/app.py"',
        '```{.python filename="src/app.py"}',
        "``````python file=src/app.py",
    ],
)
def test_a_name_is_found_wherever_models_write_it(head: str) -> None:
    mark = head[head.rindex("\n") + 1 :] if "\n" in head else head
    closing = mark[: len(mark) - len(mark.lstrip("`~"))]
    reply = f"Here is the program.\n\n{head}\n{_CODE}{closing}\n\nRun it:\n```bash\npython src/app.py\n```\n"
    assert read_reply(reply).files == {"src/app.py": _CODE}


@pytest.mark.parametrize(
    ("head", "path"),
    [
        ("### FILE: Dockerfile\n```dockerfile", "Dockerfile"),
        ("### FILE: docker/Dockerfile\n```Dockerfile", "docker/Dockerfile"),
        ("#### `Makefile`\n```makefile", "Makefile"),
        ("**Procfile**\n```procfile", "Procfile"),
        ("```Dockerfile", "Dockerfile"),
    ],
)
def test_a_language_is_no_name_of_a_file(head: str, path: str) -> None:
    text = f"{head}\nall: it\n```\n\n### FILE: app.py\n```python\n{_CODE}```\n"
    assert list(read_reply(text).files) == [path, "app.py"]


def test_a_block_with_nothing_but_a_language_has_no_name() -> None:
    with pytest.raises(Rejected) as caught:
        read_reply("```dockerfile\nFROM x\n```\n")
    assert caught.value.reason is Reason.NO_PATH


def test_a_comment_with_the_path_stays_part_of_the_file() -> None:
    assert read_reply("```python\n# src/app.py\nx = 1\n```\n").files == {"src/app.py": "# src/app.py\nx = 1\n"}


def test_an_indented_block_in_a_list_loses_its_indent_only() -> None:
    reply = "1. **a.py**\n\n   ```python\n   if x:\n       y = 1\n\n   z = 2\n   ```\n"
    assert read_reply(reply).files == {"a.py": "if x:\n    y = 1\n\nz = 2\n"}


def test_fences_inside_a_file_need_a_longer_fence_around_it() -> None:
    readme = "# Demo\n\n```bash\nls\n```\n\n````\nmore\n````\n"
    assert read_reply(fenced("README.md", readme)).files == {"README.md": readme}


def test_a_file_of_json_that_lists_files_is_one_file() -> None:
    listing = '{"files": [{"path": "x.py", "content": "evil\\n"}]}\n'
    assert read_reply(fenced("tests/sample.json", listing)).files == {"tests/sample.json": listing}


def test_thinking_tags_inside_a_file_stay() -> None:
    code = 'OPEN = "<think>"\n# <think>\n</think>\n'
    assert read_reply(f"<think>Hm.</think>\n{fenced('a.txt', code)}").files == {"a.txt": code}


def test_files_to_delete_are_named_outside_the_blocks() -> None:
    answer = read_reply(fenced("a.py", "x = 1\n") + "\nDELETE: old/b.py\n- **DELETE:** `c.py`\n")
    assert answer.files == {"a.py": "x = 1\n"}
    assert answer.deleted == {"old/b.py", "c.py"}


def test_an_answer_may_only_delete() -> None:
    assert read_reply("DELETE: old.py\n").deleted == {"old.py"}


@pytest.mark.parametrize("remark", [" (unused)", " - no longer needed", "  # its code is in app.py now"])
def test_a_remark_behind_a_deletion_is_no_part_of_the_path(remark: str) -> None:
    assert read_reply(f"DELETE: old.py{remark}\n").deleted == {"old.py"}


def test_a_deletion_behind_json_counts() -> None:
    answer = read_reply('{"files": [{"path": "a.py", "content": "x = 1\\n"}]}\n\nDELETE: old.py\n')
    assert answer.files == {"a.py": "x = 1\n"}
    assert answer.deleted == {"old.py"}


@pytest.mark.parametrize("names", ["- `a.py`\n- `b.py`\n\n", "### a.py\n### b.py\n", "a.py\nb.py\n"])
def test_the_last_of_several_listed_files_is_no_name_of_the_block_behind_them(names: str) -> None:
    with pytest.raises(Rejected) as caught:
        read_reply(f"{names}```python\nx = 1\n```\n")
    assert caught.value.reason == Reason.NO_PATH


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("### README.md\n```markdown\n# Demo\n```bash\nls\n```\n```\n", Reason.AMBIGUOUS),
        ("### README.md\n```markdown\n# Demo\n```\nls\n```\nmore\n```\n", Reason.AMBIGUOUS),
        ('### a.py\n```python\n"""\n```\nexample\n```\n"""\n```\n', Reason.AMBIGUOUS),
        ("### a.py\n```python\nx = 1\n", Reason.TRUNCATED),
        ("### a.py\n```python\nx = 1\n```\n```python\ny = 2\n```\n", Reason.AMBIGUOUS),
        ("Here it is:\n```python\nx = 1\n```\n", Reason.NO_PATH),
        ("### FILE: a.py\n```python\nx = 1\n```\n### FILE: b.py\n", Reason.TRUNCATED),
        ("### FILE: a.py\nx = 1\n", Reason.TRUNCATED),
        ("### a.py\n```diff\n-x\n+y\n```\n", Reason.DIFF_UNSUPPORTED),
        ("### a.py\n```python\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n```\n", Reason.DIFF_UNSUPPORTED),
        ("### a.py\n```python\nx = 1\n```\n### a.py\n```python\nx = 2\n```\n", Reason.DUPLICATE_PATH),
        ("### FILE: ../a.py\n```python\nx = 1\n```\n", Reason.UNSAFE_PATH),
        ("### FILE: a.py\n```python\nx = 1\n```\nDELETE: a.py\n", Reason.AMBIGUOUS),
        ("### FILE: a.py\n```python\nx = 1\n```\nDELETE: ../b.py\n", Reason.UNSAFE_PATH),
    ],
)
def test_a_block_that_can_be_read_in_two_ways_is_refused(reply: str, reason: Reason) -> None:
    with pytest.raises(Rejected) as caught:
        read_reply(reply)
    assert caught.value.reason == reason


def test_complete_files_around_a_doubtful_one_are_salvaged() -> None:
    doubtful = "### FILE: README.md\n```markdown\n# Demo\n```bash\nls\n```\n"
    reply = fenced("a.py", "x = 1\n") + doubtful + fenced("b.py", "y = 2\n")
    with pytest.raises(Rejected) as caught:
        read_reply(reply)
    assert caught.value.salvage == {"a.py": "x = 1\n", "b.py": "y = 2\n"}
    assert caught.value.missing == ("README.md",)


def test_inner_fences_that_pair_up_are_salvaged_when_the_flat_reading_is_impossible() -> None:
    readme = "# Demo\n\n```bash\nls\n```\n"
    with pytest.raises(Rejected) as caught:
        read_reply(f"### FILE: README.md\n```markdown\n{readme}```\n\n{fenced('a.py', 'x = 1')}")
    assert caught.value.salvage == {"README.md": readme, "a.py": "x = 1\n"}


def test_a_cut_reply_gives_its_closed_blocks_only() -> None:
    reply = fenced_files({"a.py": "x = 1\n", "b.py": "y = 2\n"})
    with pytest.raises(Rejected) as caught:
        read_reply(reply[:-8], finish="length")
    assert (caught.value.reason, caught.value.salvage) == (Reason.TRUNCATED, {"a.py": "x = 1\n"})


def test_a_complete_reply_with_another_finish_reason_is_still_no_answer() -> None:
    with pytest.raises(Rejected, match="truncated"):
        read_reply(fenced("a.py", "x = 1\n"), finish="length")


def test_the_projects_folder_is_taken_off_unless_staging_has_a_package_of_that_name() -> None:
    reply = fenced("demo/cli.py", "x = 1\n")
    assert list(read_reply(reply, project="demo").files) == ["cli.py"]
    assert list(read_reply(reply, project="demo", known=["demo/__init__.py"]).files) == ["demo/cli.py"]
