"""Blocks of which it is not certain whose file they are, and whether they are one."""

from __future__ import annotations

import pytest

from agents.answers import Reason, Rejected, fenced, read_reply

_GOOD = fenced("ok.py", "x = 1\n")
_OK = {"ok.py": "x = 1\n"}


def _refused(reply: str) -> tuple[Reason, dict[str, str]]:
    with pytest.raises(Rejected) as caught:
        read_reply(reply)
    return caught.value.reason, dict(caught.value.salvage)


@pytest.mark.parametrize(
    "reply",
    [
        "### FILE: run.sh\n\nMake it executable:\n```bash\nchmod +x run.sh\n```\n\n```bash\necho hi\n```\n",
        "### FILE: a.py\n\nOutput:\n```text\n1\n```\n",
        "### FILE: a.py\n\nIt prints\n```\n1\n```\n\n```python\nprint(1)\n```\n",
        "### FILE: a.py\nIt is called with this:\n```json\n{}\n```\n",
    ],
)
def test_prose_under_a_heading_lets_only_a_block_of_its_language_be_the_file(reply: str) -> None:
    assert _refused(_GOOD + reply) == (Reason.AMBIGUOUS, _OK)


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("a.js", "javascript"),
        ("a.yml", "yaml"),
        ("a.toml", "toml"),
        ("Dockerfile", "dockerfile"),
        ("x/Makefile", "make"),
    ],
)
def test_prose_under_a_heading_may_be_about_the_file(path: str, language: str) -> None:
    assert read_reply(f"### FILE: {path}\nWhat it does.\n\n```{language}\nx\n```\n").files == {path: "x\n"}


def test_a_sketch_under_a_heading_does_not_count_as_whole() -> None:
    sketch = "### FILE: a.py\nFirst the outline:\n```python\ndef f(): ...\n```\nNow all of it:\n```python\ndef f():\n"
    assert _refused(_GOOD + sketch) == (Reason.TRUNCATED, _OK)


_TWO = "### FILE: notes.txt\n```\nhello\n```\n\n### FILE: b.txt\n```\nyo\n```\n"


@pytest.mark.parametrize("info", ["", "markdown", "md", "text"])
@pytest.mark.parametrize("marks", ["````", "~~~"])
def test_a_fence_around_the_whole_answer_is_taken_off(marks: str, info: str) -> None:
    files = {"notes.txt": "hello\n", "b.txt": "yo\n"}
    assert read_reply(f"Here it is:\n\n{marks}{info}\n{_TWO}{marks}\nDone.\n").files == files


@pytest.mark.parametrize("head", ["### FILE: README.md", "**README.md**"])
def test_a_sample_of_an_answer_in_a_file_stays(head: str) -> None:
    reply = f"{head}\n````markdown\n{_TWO}````\n"
    assert read_reply(reply).files == {"README.md": _TWO}
    assert _refused(f"{reply}### FILE: b.py\n```\nx") == (Reason.TRUNCATED, {"README.md": _TWO})


@pytest.mark.parametrize(
    "reply",
    [
        f"{_GOOD}\n````markdown\n{_TWO}````\n",
        f"{_GOOD}\n````\n{_TWO}````\n",
        "````yaml\n### FILE: a.yaml\n```yaml\na: 1\n```\n````\n",
        "```markdown\n### FILE: a.py\n```python\nx = 1\n```\n```\n",
        f"```\n### FILE: a.py\n\n```\nx = 1\n```\n\n```\n{_GOOD}",
    ],
)
def test_files_inside_a_block_beside_files_are_doubtful(reply: str) -> None:
    reason, salvage = _refused(reply)
    assert (reason, salvage.items() <= _OK.items()) == (Reason.AMBIGUOUS, True)


def test_a_heading_of_our_format_is_no_comment_in_a_file() -> None:
    assert _refused("```python\n### FILE: a.py\nx = 1\n```\n") == (Reason.AMBIGUOUS, {})
    assert read_reply("```python\n# FILE: a.py\nx = 1\n```\n").files == {"a.py": "# FILE: a.py\nx = 1\n"}


@pytest.mark.parametrize(
    "head",
    [
        "### FILE: a.py (part 1 of 2)",
        "### FILE: a.py (append)",
        "### FILE: a.py (modified: only the changed lines)",
        "### FILE: a.py [DELETED]",
        "### FILE: a.py - edit\nIt does this.\n",
        "### `a.py` (partial)",
        "`a.py` (changes only):",
    ],
)
def test_a_part_or_a_deletion_is_not_taken_for_the_file(head: str) -> None:
    assert _refused(f"{head}\n```python\nx = 2\n```\n\n{_GOOD}")[0] == Reason.DIFF_UNSUPPORTED
    assert _refused(f"{_GOOD}\n{head}\n```python\nx = 2\n```\n\n### FILE: c.py\n```\n")[1].keys() <= _OK.keys()


@pytest.mark.parametrize(
    "remark",
    [
        "new",
        "updated",
        "edit form",
        "diff viewer",
        "appends to the log",
        "part of the core",
        "the only new file",
        "only for tests",
    ],
)
def test_a_remark_may_tell_what_a_whole_file_is_for(remark: str) -> None:
    assert read_reply(f"### FILE: a.py ({remark})\n```python\nx = 1\n```\n").files == {"a.py": "x = 1\n"}


@pytest.mark.parametrize("end", ["**b.py**", "**b.", "### `b.", "`b.py`:", "### b.py", "File", "``", "b.py"])
def test_a_heading_without_its_block_is_a_cut(end: str) -> None:
    assert _refused(f"**ok.py**\n```python\nx = 1\n```\n\n{end}\n") == (Reason.TRUNCATED, _OK)


@pytest.mark.parametrize(
    "end", ["**Done**", "### Notes", "`ok.py`", "- config.yaml", "Run `python ok.py`", "DELETE: `b.py`"]
)
def test_a_last_line_of_prose_is_no_cut(end: str) -> None:
    assert read_reply(f"{_GOOD}\n{end}\n").files == _OK


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("`a.py` imports `b.py`:\n```python\nx\n```\n", Reason.NO_PATH),
        ("### FILE: `src/a.py` the main\n```python\nx\n```\n", Reason.UNSAFE_PATH),
        ("### FILE: src/a.py updated\n```python\nx\n```\n", Reason.NO_PATH),
        ("### FILE: a.py, b.py\n```python\nx\n```\n", Reason.NO_PATH),
        ("```python\n# File: a.py\nx\n\n# File: b.py\ny\n```\n", Reason.AMBIGUOUS),
    ],
)
def test_a_sentence_or_two_names_are_no_path(reply: str, reason: Reason) -> None:
    assert _refused(reply) == (reason, {})
