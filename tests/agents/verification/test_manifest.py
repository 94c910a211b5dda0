"""What a Python project says it depends on."""

from __future__ import annotations

import pytest

from agents.languages.python_manifest import read_manifest
from agents.verification.tree import Tree


def requirements(**files: str) -> tuple[str, ...]:
    return read_manifest(Tree({path.replace("__", "."): text for path, text in files.items()})).requirements


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("requests\n", ("requests",)),
        ("requests>=2 ; python_version < '3.13'  # why\n\n# alone\n", ("requests>=2 ; python_version < '3.13'",)),
        ("flask[async]==3.0\nflask[async]==3.0\n", ("flask[async]==3.0",)),
        ("pytest==7.4\npytest-asyncio\ncoverage\nruff\n", ()),
        ("json\nargparse\nos\n", ()),
        ("a @ ../b\na @ ${UV_INDEX_URL}\na==$X\na --config-settings=b\na @ file:/etc/x.whl\n", ()),
        ("-e .\n.\n./local\n--index-url x\ngit+https://example.invalid/x\nhttps://example.invalid/x.whl\n", ()),
        ("requests==2.0 \\\n    --hash=sha256:aa\n", ("requests==2.0",)),
        ("\ufeffrequests", ("requests",)),
    ],
)
def test_requirement_lines_are_cleaned(text: str, expected: tuple[str, ...]) -> None:
    assert requirements(requirements__txt=text) == expected


def test_what_is_ignored_is_noted_with_its_reason() -> None:
    manifest = read_manifest(Tree({"requirements.txt": "json\n-e .\n"}))
    assert manifest.notes == (
        "requirements.txt: ignored 'json': it comes with Python",
        "requirements.txt: ignored '-e .': only packages from the index are installed",
    )


def test_a_pyproject_that_is_too_long_to_be_read_is_noted() -> None:
    text = f"# {'x' * 2_000}\n[project]\ndependencies = ['requests']\n"
    manifest = read_manifest(Tree({"pyproject.toml": text}))
    assert manifest.requirements == ()
    assert manifest.notes == ("pyproject.toml: ignored, because it or a row of it is too long; break its longest rows",)


def test_every_manifest_counts_and_includes_are_followed() -> None:
    tree = Tree(
        {
            "requirements.txt": "-r requirements/base.txt\n-r requirements.txt\n-r ../../etc/passwd\n",
            "requirements/base.txt": "a\n",
            "requirements-dev.txt": "b\n",
            "pyproject.toml": '[project]\ndependencies=["c>1"]\n[project.optional-dependencies]\ntest=["d"]\nx=["no"]\n'
            '[dependency-groups]\ndev=["e", {include-group="x"}]\n',
        }
    )
    assert read_manifest(tree).requirements == ("a", "b", "c>1", "d", "e")


@pytest.mark.parametrize(
    "text", ["[project", "project = 1", "[project]\ndependencies = 3", "[project]\ndependencies = [1]"]
)
def test_a_broken_pyproject_names_nothing(text: str) -> None:
    assert requirements(pyproject__toml=text) == ()
