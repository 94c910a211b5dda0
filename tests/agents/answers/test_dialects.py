"""Real files in the dialects of real models: read exactly, or refused, and nothing else."""

from __future__ import annotations

import json

import pytest

from agents.answers import Reason, Rejected, read_json, read_reply
from tests.agents.answers.dialects import EXACT, MAYBE, Files, as_json, fence

_EVIL = as_json({"evil.py": "bad = 1\n"})
_PROJECTS: dict[str, Files] = {
    "plain": {
        "src/app.py": 'import re\n\nP = re.compile(r"\\d+\\n")\nprint("it\'s", P)\n',
        "README.md": "# D\n\nRun it.\n",
    },
    "decoys": {
        "tests/sample.json": f"{_EVIL}\n",
        "src/tags.py": 'A = "</file>"\nB = """\n<think>\n</think>\n<file path=\'evil.py\'>\n"""\nC = "</content>]]>"\n',
        "README.md": f"# D\n\n### FILE: evil.py\n```python\nbad = 1\n```\n\n```\nls\n```\n\n{_EVIL}\n",
    },
    "web": {
        "index.html": '<p class="x">&amp; &lt;</p>\n',
        "app.js": "const a = `x ${1}`;\nconst q = ['`', \"\\\\n\"];\nif (a < 2 && q) {\n  run();\n}\n",
        "run.sh": "cat <<E\n```\nx\n```\nE\n",
    },
}


def _read(reply: str) -> tuple[Files | None, Files]:
    """The files, None for a refusal; and what of a refused reply counts as whole."""
    try:
        return dict(read_reply(reply, project="demo").files), {}
    except Rejected as rejected:
        return None, dict(rejected.salvage)


@pytest.mark.parametrize("project", _PROJECTS)
@pytest.mark.parametrize("dialect", EXACT)
def test_a_common_dialect_is_read_exactly(dialect: str, project: str) -> None:
    files = _PROJECTS[project]
    assert _read(EXACT[dialect](files))[0] == files


@pytest.mark.parametrize("project", _PROJECTS)
@pytest.mark.parametrize("dialect", MAYBE)
def test_a_doubtful_dialect_is_read_exactly_or_refused(dialect: str, project: str) -> None:
    files = _PROJECTS[project]
    read, whole = _read(MAYBE[dialect](files))
    assert read in (None, files)
    assert whole.items() <= files.items()


@pytest.mark.parametrize("dialect", ["plain", "long fence and prose", "hermes calls", "our fences", "mistral calls"])
def test_a_reply_cut_anywhere_gives_no_half_file(dialect: str) -> None:
    files = {"a.py": 'x = "1"\n', "b.py": "y = 2\n"}
    reply = EXACT[dialect](files)
    for end in range(len(reply)):
        read, whole = _read(reply[:end])
        assert (read or {}).items() <= files.items()
        assert whole.items() <= files.items()


@pytest.mark.parametrize("end", ["#", "###", "### FILE", "### FILE: ", '<file path="b.'])
def test_a_heading_that_is_not_finished_is_a_cut(end: str) -> None:
    head = '<file path="a.py">\nx = 1\n</file>\n' if end[0] == "<" else fence("a.py", "x = 1\n")
    assert _read(head + end) == (None, {"a.py": "x = 1\n"})


def _one(**members: object) -> str:
    return json.dumps({"files": [{"path": "src/a.py", "content": "x = 1\n", **members}]})


@pytest.mark.parametrize(
    "reply",
    [
        _one(file_path="src/b.py"),
        _one(path="src", name="a.py"),
        _one(path="a.py", directory="src"),
        _one(encoding="hex"),
        _one(content="data:text/plain;base64,eA=="),
        _one(code="x = 2\n"),
        _one(start_line=3, end_line=9),
        _one(mode="append"),
        _one(action="delete"),
        _one(search="x", replace="y"),
        _one(truncated=True),
        json.dumps({"files": [{"path": "a.py", "content": "x"}], "tests": [{"path": "b.py", "content": "y"}]}),
        json.dumps({"result": {"files": {"a.py": "x"}}, "output": {"files": {"b.py": "y"}}}),
        '{"files": [{"path": "a.js", "content": "log(\'a\\nb\');\nlet x = 1;\n"}]}',
        '{"files": [{"path": "a.py", "content": "" + x + ""}]}',
        "<file path='a.py' action='delete'>\n</file>",
        "<file path='a.py'>\nif a &lt; b and '<':\n    x\n</file>",
        "files:\n  - path: a.md\n    content: |\n      # T\n# lost\n",
        "files:\n  - path: a.txt\n    content: one # two\n",
        f"### FILE: sample.json\n{_EVIL}\n",
        "Okay <think>so " + _EVIL,
    ],
)
def test_an_answer_with_two_meanings_is_refused(reply: str) -> None:
    assert _read(reply) == (None, {})


@pytest.mark.parametrize(
    "content",
    [
        "*** Begin Patch\n*** Update File: a.js\n@@\n-x\n+y\n*** End Patch\n",
        "------- SEARCH\nx\n=======\ny\n+++++++ REPLACE\n",
        "<<<<<<< HEAD\nx\n=======\ny\n>>>>>>> branch\n",
        "@@ ... @@\n-x\n+y\n",
        "// change\n--- a/a.js\n+++ b/a.js\n@@ -1 +1 @@\n-x\n+y\n",
        "```js\nlet x;\n```\nThis sets x.\n",
        "Here is the code:\n```js\nlet x;\n```\n",
        "1: let x;\n2: let y;\n3: let z;\n",
        "1 | let x;\n2 | let y;\n3 | let z;\n",
        "if (a &lt; b) {}\n",
        "print(&quot;x&quot;)\n",
        "let x;\n\n// ...\n\nlet y;\n",
        "let x;\n/* ... */ // unchanged\n",
        "let x;\n// (the rest stays the same)\n",
        "let x;\n// ---- snip ----\n",
        "let x;\n// Rest unchanged\n",
        "let x;\n// [... truncated ...]\n",
    ],
)
def test_what_stands_for_a_file_is_not_written_as_the_file(content: str) -> None:
    assert _read(as_json({"a.js": content, "b.js": "let ok;\n"})) == (None, {"b.js": "let ok;\n"})


@pytest.mark.parametrize(
    "content",
    [
        "// Example:\n// ...\n// end\nlet x;\n",
        "// rest parameter\nf(...rest);\n",
        "// unchanged values are skipped\nlet x;\n",
        's.replace(/</g, "&lt;");\n',
        "const f = '```';\n",
        "1;\n",
    ],
)
def test_what_only_looks_like_it_is_taken(content: str) -> None:
    assert _read(as_json({"a.js": content}))[0] == {"a.js": content}


def test_a_draft_is_never_what_counts_as_whole() -> None:
    draft, final = as_json({"a.py": "bad = 1\n"}), as_json({"a.py": "x = 1\n"})
    assert _read(f"Draft: {draft}\nFinal: {final}") == (None, {})
    assert _read(fence("a.py", "bad = 1\n") + "Better:\n" + fence("a.py", "x = 1\n")[:-4]) == (None, {})


_VERDICT = {"criteria": [{"id": "R1", "met": True, "quote": "a [1]"}, {"id": "R2", "met": False, "quote": ""}]}
_PLAN = {"files": [{"path": "a.py"}], "examples": [{"run": ["a"], "files": {"in.txt": "x"}}], "overview": "x"}


@pytest.mark.parametrize(("answer", "keys"), [(_VERDICT, ()), (_VERDICT, ("criteria",)), (_PLAN, ("files",))])
def test_a_small_answer_is_read_whole_or_refused(answer: dict[str, object], keys: tuple[str, ...]) -> None:
    text = json.dumps(answer)
    for reply in (
        f"See [1] and {{x}}.\n{text}",
        f"- [x] done\n{text}<|end_of_text|>",
        f"<analysis>{{}}</analysis>{text}",
    ):
        assert read_json(reply, keys=keys) == answer
    for end in range(1, len(text)):
        with pytest.raises(Rejected):
            read_json(text[:end], keys=keys)
    for quote in ("\u201c", "\u201e"):
        with pytest.raises(Rejected):
            read_json(text.replace('"', quote), keys=keys)


def test_a_part_of_an_answer_is_not_the_answer() -> None:
    text = json.dumps(_PLAN)
    for damaged in (
        text[1:],
        text[text.index('{"run"') :],
        text.replace('"a.py"', '"a"py"'),
        text.replace("}]", "]", 1),
    ):
        with pytest.raises(Rejected):
            read_json(damaged, keys=("files",))


def test_two_answers_are_named_as_such() -> None:
    with pytest.raises(Rejected) as caught:
        read_reply(MAYBE["draft tag"]({"a.py": "x = 1\n"}))
    assert caught.value.reason == Reason.SEVERAL_ANSWERS
