"""Which language a project is taken for."""

from __future__ import annotations

import pytest

from agents.languages import Languages
from agents.verification.settings import VerificationSettings
from agents.verification.tree import Tree


@pytest.mark.parametrize(
    ("paths", "name"),
    [
        ("app.py", "python"),
        ("pyproject.toml", "python"),
        ("package.json", "node"),
        ("index.js", "node"),
        ("app.py models.py static/app.js", "python"),
        ("app.py tests/test_app.py static/a.js static/b.js", "python"),
        ("server.js routes.js test/server.test.js tools/count.py", "node"),
        ("app.py app.js", "python"),
        ("go.mod main.go main_test.go tools/generate.py", "unsupported"),
        ("go.mod main.go store.go tools/generate.py", "unsupported"),
        ("Cargo.toml src/main.rs src/lib.rs requirements.txt", "unsupported"),
        ("app.py install.sh", "python"),
        ("main.ts", "unsupported"),
        ("package.json main.ts", "node"),
        ("index.html style.css", "unsupported"),
        ("", "unsupported"),
    ],
)
def test_a_project_is_taken_for_what_its_tests_or_most_of_its_files_are(paths: str, name: str) -> None:
    tree = Tree(dict.fromkeys(paths.split(), "text"))
    assert Languages(VerificationSettings()).of(tree).name == name
