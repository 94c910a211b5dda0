"""Paths from models: one meaning on every system, inside the project, none of ours."""

from __future__ import annotations

import pytest

from agents.answers import Reason, Rejected
from agents.answers.paths import looks_like_path, safe_path, without_prefix


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("./src//app.py", "src/app.py"),
        ("src\\app.py", "src/app.py"),
        ("`app.py`", "app.py"),
        ("a/./b.py", "a/b.py"),
        *(
            (path, path)
            for path in (
                ".env",
                ".github/workflows/ci.yml",
                "[id]/page.tsx",
                "@scope/x.js",
                "my file.py",
                "Grüße 😀.md",
            )
        ),
    ],
)
def test_a_safe_path_takes_its_plain_form(given: str, plain: str) -> None:
    assert safe_path(given) == plain


@pytest.mark.parametrize(
    "path",
    [
        *(
            "",
            ".",
            "/",
            "src/",
            "src/.",
            "/etc/passwd",
            "//server/x",
            "\\\\server\\x",
            "C:x.py",
            "C:\\x.py",
            "~/.ssh/id",
            "$HOME/x",
            "%TEMP%/x",
        ),
        *(
            "../x.py",
            "a/../x.py",
            "..\\x.py",
            "a\nb.py",
            "a\0.py",
            "a\x1b[2J.py",
            "a\u202egnp.py",
            "a\u200b.py",
            "a.py:hidden",
            "a?.py",
        ),
        *(
            "con",
            "nul.txt",
            "COM1.py",
            "aux/x.py",
            "lpt¹.py",
            "a.",
            "a.py ",
            " a.py",
            "a /b.py",
            ".git/config",
            "x/.GIT/config",
        ),
        *(
            ".tumbler/state.json",
            ".manifest.json",
            "x" * 201,
            "/".join(["d" * 100] * 11),
            "'a.py'",
            '"a.py"',
            "http://x/a.py",
            "\ud83d.py",
        ),
    ],
)
def test_an_unsafe_path_is_refused(path: str) -> None:
    with pytest.raises(Rejected) as caught:
        safe_path(path)
    assert caught.value.reason == Reason.UNSAFE_PATH


@pytest.mark.parametrize(
    "text", ["a.py", "src/app.py", ".gitignore", "Dockerfile", "LICENSE", "a/b/Makefile", "py.typed", "notes.v2.md"]
)
def test_a_file_name_is_recognised(text: str) -> None:
    assert looks_like_path(text)


@pytest.mark.parametrize("text", ["", "Usage", "3.11", "Node.js", "e.g.", "Done.", "Step 1.", "and so on..."])
def test_prose_is_no_file_name(text: str) -> None:
    assert not looks_like_path(text)


def test_a_prefix_goes_only_when_all_paths_have_it() -> None:
    assert list(without_prefix(["demo/a.py", "demo/b.py"], "demo").values()) == ["a.py", "b.py"]
    assert list(without_prefix(["demo/a.py", "b.py"], "demo").values()) == ["demo/a.py", "b.py"]
    assert list(without_prefix(["demo/__init__.py"], "demo").values()) == ["demo/__init__.py"]
    assert list(without_prefix(["./demo/03_staging/a.py"], "demo").values()) == ["a.py"]
