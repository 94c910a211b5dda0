"""What npm gets to see of a project."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agents.languages.node_manifest import Manifest, read_manifest
from agents.verification.tree import Tree

ELSEWHERE = "http://127.0.0.1:9/x.tgz"


def of(content: dict[str, Any], lock: dict[str, Any] | None = None) -> Manifest:
    files = {"package.json": json.dumps(content)}
    if lock is not None:
        files["package-lock.json"] = json.dumps(lock)
    return read_manifest(Tree(files))


def locked(**more: object) -> dict[str, Any]:
    """A lock file with one package, of which it says `more`."""
    entry = {"version": "1.3.0", "integrity": "sha512-x", "funding": {"url": "https://x.invalid"}, **more}
    return {"packages": {"": {"dependencies": {"a": "^1"}}, "node_modules/a": entry}, "lockfileVersion": 3}


@pytest.mark.parametrize(
    "spec",
    [
        "^1.2.3",
        "~1",
        "*",
        "",
        "latest",
        ">=1 <2 || 3.x",
        "1.0.0 - 2.0.0",
        "npm:other@^2",
        "npm:@scope/other",
        "1.0.0-rc.1+b",
    ],
)
def test_versions_of_the_registry_are_installed(spec: str) -> None:
    manifest = of({"devDependencies": {"@scope/a": spec}})
    assert json.loads(manifest.files["package.json"]) == {"devDependencies": {"@scope/a": spec}}
    assert not manifest.notes


@pytest.mark.parametrize("table", ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"])
@pytest.mark.parametrize(
    "spec",
    [ELSEWHERE, "git+http://127.0.0.1/r.git", "user/repo", "github:user/repo", "git@host.invalid:r.git", "file:../x",
     ".", "../x", "/etc", "~/x", "link:x", "workspace:*", "npm:a@http://127.0.0.1/x.tgz", ["1"], None],
)  # fmt: skip
def test_nothing_is_fetched_from_elsewhere(table: str, spec: object) -> None:
    manifest = of({"dependencies": {"b": "1"}, table: {"a": spec, "c": "2"}})
    assert "a" not in json.loads(manifest.files["package.json"])[table]
    assert "only packages of the registry are installed" in manifest.notes[0]


def test_a_name_is_no_place_either() -> None:
    assert not of({"dependencies": {f"a@{ELSEWHERE}": "1"}}).files


@pytest.mark.parametrize(
    ("overrides", "kept"),
    [
        ({"a": "1.0.0", "b@^2": {".": "2.1", "c": "$a"}}, True),
        ({"a": ELSEWHERE}, False),
        ({"a": {"b": {"c": "user/repo"}}}, False),
        (["a"], False),
    ],
)
def test_overrides_name_versions_or_nothing(overrides: object, kept: bool) -> None:
    manifest = of({"dependencies": {"a": "1.0.0"}, "overrides": overrides})
    assert ("overrides" in json.loads(manifest.files["package.json"])) is kept
    assert bool(manifest.notes) is not kept


def test_what_else_package_json_says_is_not_for_npm() -> None:
    manifest = of(
        {"dependencies": {"a": "1"}, "workspaces": ["../.."], "scripts": {"install": "x"}, "publishConfig": {}}
    )
    assert json.loads(manifest.files["package.json"]) == {"dependencies": {"a": "1"}}


def test_a_lock_file_says_what_is_installed_and_not_from_where() -> None:
    manifest = of({"dependencies": {"a": "^1"}}, locked(resolved=ELSEWHERE))
    assert json.loads(manifest.files["package-lock.json"])["packages"]["node_modules/a"] == {
        "version": "1.3.0",
        "integrity": "sha512-x",
    }
    assert not manifest.notes


@pytest.mark.parametrize(
    "lock",
    [
        locked(version=ELSEWHERE),
        locked(name=f"a@{ELSEWHERE}"),
        locked(link=True),
        locked(dependencies={"b": ELSEWHERE}),
        {"packages": {f"node_modules/a@{ELSEWHERE}": {"version": "1.0.0"}}},
        {"packages": {"../x": {"version": "1.0.0"}}},
        {"packages": {"node_modules/a": 1}},
        {"lockfileVersion": 1, "dependencies": {"a": {"version": ELSEWHERE}}},
        {"packages": []},
    ],
)
def test_a_lock_file_that_names_another_place_is_left_out(lock: dict[str, Any]) -> None:
    manifest = of({"dependencies": {"a": "^1"}}, lock)
    assert list(manifest.files) == ["package.json"]
    assert manifest.notes[0].startswith("package-lock.json: ignored, because of ")


def test_nothing_is_installed_where_nothing_is_named() -> None:
    assert of({"dependencies": {}, "overrides": {"a": "1"}}) == Manifest()
    assert of({"dependencies": []}) == Manifest()
