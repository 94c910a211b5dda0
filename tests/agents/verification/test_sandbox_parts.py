"""The parts that sandboxes are made of, without running hostile code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agents.verification.box import MIB, Ended, Job, Limits
from agents.verification.sandbox import machine, prefixes
from agents.verification.sandbox.capture import Capture
from agents.verification.sandbox.confine.mounts import first_closed, refuse_closed
from agents.verification.sandbox.confine.removal import remove, used
from agents.verification.sandbox.confine.supervisor import descendants
from agents.verification.sandbox.container import Container, argv
from agents.verification.sandbox.ladder import Probed, refusal
from agents.verification.sandbox.memory import exceeds
from agents.verification.sandbox.processes import MachineMemory, Tree
from agents.verification.sandbox.seatbelt import profile


@pytest.mark.parametrize(
    ("pieces", "kept"),
    [
        ([b""], b""),
        ([b"abc"], b"abc"),
        ([b"abcdefgh"], b"abcdefgh"),
        ([b"abcd", b"efgh"], b"abcdefgh"),
        ([b"abcdefghij"], b"abcd\n[... 2 bytes left out ...]\nghij"),
        ([b"x"] * 9, b"xxxx\n[... 1 bytes left out ...]\nxxxx"),
    ],
)
def test_a_capture_keeps_both_ends_and_says_what_is_missing(pieces: list[bytes], kept: bytes) -> None:
    capture = Capture(4, 4)
    for piece in pieces:
        capture.add(piece)
    assert capture.kept() == kept
    assert capture.total == sum(map(len, pieces))


GIB = 1 << 30
START = MachineMemory(shared=GIB, available=16 * GIB, kernel=GIB)


@pytest.mark.parametrize(
    ("total", "shared", "available", "kernel", "ended"),
    [
        (100 * MIB, 0, 16 * GIB, 0, False),
        (1100 * MIB, 0, 15 * GIB, 0, True),
        (0, 2 * GIB, 14 * GIB, 0, True),
        (0, 0, 14 * GIB, 2 * GIB, True),
        (0, 0, 15 * GIB, GIB, False),
        (0, 0, 16 * GIB, 2 * GIB, False),
        (0, 0, 10 * GIB, 0, False),
        (0, 0, 100 * MIB, 0, False),
        (0, 0, 100 * MIB, 300 * MIB, True),
        (300 * MIB, 0, 100 * MIB, 0, True),
    ],
)
def test_what_a_run_holds_and_what_grew_meanwhile_is_bounded(
    total: int, shared: int, available: int, kernel: int, ended: bool
) -> None:
    now = MachineMemory(START.shared + shared, available, START.kernel + kernel)
    assert exceeds(total, Limits(), START, now) is ended


def test_a_tree_of_any_depth_and_mode_is_removed(tmp_path: Path) -> None:
    root = tmp_path / "run"
    root.mkdir()
    (tmp_path / "outside").write_text("stays", encoding="utf-8")
    here = os.open(root, os.O_RDONLY)
    for _ in range(60):
        os.mkdir("d" * 200, dir_fd=here)
        deeper = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    (root / "link").symlink_to(tmp_path / "outside")
    (root / "folder-link").symlink_to(tmp_path)
    os.mkfifo(root / "fifo")
    (root / "locked/in").mkdir(parents=True)
    (root / "locked/in/f").write_text("x", encoding="utf-8")
    (root / "locked/in").chmod(0)
    (root / "locked").chmod(0)
    os.mkdir(os.fsencode(root) + b"/\xff\n")  # noqa: PTH102 - a name that is no text
    remove(str(root))
    assert [path.name for path in tmp_path.iterdir()] == ["outside"]


def test_used_counts_blocks_and_not_holes(tmp_path: Path) -> None:
    (tmp_path / "sparse").write_bytes(b"")
    os.truncate(tmp_path / "sparse", 1 << 40)
    (tmp_path / "full").write_bytes(b"x" * 100_000)
    assert 100_000 <= used(str(tmp_path)) < 1_000_000


def test_the_tree_of_a_process_holds_its_grandchildren_and_no_stranger() -> None:
    stranger = subprocess.Popen(["sleep", "30"])
    parent = subprocess.Popen(["sh", "-c", "sleep 30 & echo $!; wait"], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    child = int(parent.stdout.readline())
    try:
        tree = Tree(parent.pid)
        assert set(tree.pids()) == {parent.pid, child}
        assert set(tree.pids()) == {parent.pid, child}
        assert descendants(parent.pid) == [child]
        assert all(size > 0 for size in tree.resident().values())
    finally:
        os.kill(child, 9)
        for process in (parent, stranger):
            process.kill()
            process.wait()
        parent.stdout.close()


def test_a_venvs_interpreter_needs_every_place_its_link_leads_through(tmp_path: Path) -> None:
    real = tmp_path / "pythons/3.11.7/bin/python3.11"
    real.parent.mkdir(parents=True)
    real.write_text("", encoding="utf-8")
    (tmp_path / "pythons/3.11").symlink_to("3.11.7")
    environment = tmp_path / "venv"
    (environment / "bin").mkdir(parents=True)
    (environment / "bin/python").symlink_to(tmp_path / "pythons/3.11/bin/python3.11")
    (environment / "pyvenv.cfg").write_text(f"home = {tmp_path}/pythons/3.11/bin\nversion = 3.11.7\n", encoding="utf-8")
    assert set(prefixes(environment / "bin/python")) == {tmp_path / "pythons/3.11", tmp_path / "pythons/3.11.7"}


@pytest.mark.skipif(not Path("/usr/bin/python3").exists(), reason="no interpreter of the system")
def test_the_systems_interpreter_needs_nothing(tmp_path: Path) -> None:
    assert prefixes(Path("/usr/bin/python3")) == ()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").symlink_to("/usr/bin/python3")
    (tmp_path / "pyvenv.cfg").write_text("home = /usr/bin\n", encoding="utf-8")
    assert prefixes(tmp_path / "bin/python") == ()


@pytest.mark.parametrize(
    ("name", "passes"),
    [
        ("UV_INDEX_URL", True),
        ("UV_DEFAULT_INDEX", True),
        ("UV_INDEX_CORP_PASSWORD", True),
        ("PIP_INDEX_URL", True),
        ("PIP_EXTRA_INDEX_URL", True),
        ("https_proxy", True),
        ("NO_PROXY", True),
        ("SSL_CERT_FILE", True),
        ("npm_config_registry", True),
        ("NPM_CONFIG_REGISTRY", True),
        ("OPENAI_API_KEY", False),
        ("UV_PUBLISH_TOKEN", False),
        ("UV_CACHE_DIR", False),
        ("PIP_TARGET", False),
        ("npm_config__auth", False),
        ("AWS_SECRET_ACCESS_KEY", False),
        ("LD_PRELOAD", False),
        ("MY_PIP_INDEX_URL", False),
    ],
)
def test_installing_sees_only_the_variables_that_lead_to_an_index(name: str, passes: bool) -> None:
    assert (name in machine.install_variables({name: "x"})) is passes


def test_folders_of_packages_that_the_configuration_names_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheels, more, mirror = (tmp_path / name for name in ("wheels", "more", "mirror"))
    for folder in (wheels, more, mirror):
        folder.mkdir()
    (tmp_path / ".config/uv").mkdir(parents=True)
    (tmp_path / ".config/uv/uv.toml").write_text(f'find-links = ["{more}"]\n', encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    variables = {
        "UV_FIND_LINKS": f"https://b.example/usr {wheels}",
        "PIP_INDEX_URL": f"file://{mirror}",
        "UV_INDEX_URL": "https://a.example/simple",
    }
    assert {wheels, more, mirror} <= set(machine.local_indexes(variables))


def test_npms_configuration_is_shown_without_its_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    lines = "registry=https://npm.example/\n//npm.example/:_authToken=secret\n_password=secret\n"
    (tmp_path / ".npmrc").write_text(lines, encoding="utf-8")
    assert machine.install_texts("/home") == {"/home/.npmrc": "registry=https://npm.example/\n"}


def test_a_closed_folder_is_named_with_the_command_that_opens_it(tmp_path: Path) -> None:
    (tmp_path / "home/python").mkdir(parents=True)
    outer = first_closed(str(tmp_path / "home/python")) or ""
    assert str(tmp_path).startswith(outer)
    (tmp_path / "home").chmod(0o700)
    closed = outer or str(tmp_path / "home")
    assert first_closed(str(tmp_path / "home/python")) == closed
    assert first_closed("/usr/bin") is None
    with pytest.raises(PermissionError, match=f"run: chmod o\\+x {closed}$"):
        refuse_closed([str(tmp_path / "home/python"), "/usr"])


def test_a_refusal_gives_the_reasons_and_every_way_out() -> None:
    said = refusal(
        [Probed("bwrap", None, "is missing", "apt install bubblewrap"), Probed("landlock", None, "no kernel")]
    )
    assert said.splitlines() == [
        "no sandbox works here (bwrap: is missing; landlock: no kernel). One of these mends it:",
        "  apt install bubblewrap",
        "  or, to run generated code unprotected: `sandbox: none` under `verification:` in config.yaml",
    ]


def test_the_profile_for_macos_denies_first_and_allows_only_the_jobs_own(tmp_path: Path) -> None:
    odd = tmp_path / 'a"b\\c'
    said = profile(Job(("true",), environment=odd))
    assert said.splitlines()[:2] == ["(version 1)", "(deny default)"]
    assert '(allow file* (subpath (param "RUN")))' in said
    assert f'(subpath "{tmp_path}/a\\"b\\\\c")' in said
    assert "network" not in said
    assert str(Path.home()) not in said.replace(str(tmp_path), "").replace(str(Path(sys.prefix)), "")
    assert said.count("(") == said.count(")")
    assert "(allow network-outbound)" in profile(Job(("true",), network=True, writable=tmp_path))


def test_a_containers_command_line_has_every_limit(tmp_path: Path) -> None:
    job = Job(
        ("python", "{job}/x.py", "{report}"), source=tmp_path / "src", environment=tmp_path / "env", limits=Limits()
    )
    words = argv(Container("podman"), job, "name", tmp_path / "channel")
    line = " ".join(words)
    for part in (
        "--network none",
        "--cap-drop all",
        "--security-opt no-new-privileges",
        "--read-only",
        "--memory 1073741824 --memory-swap 1073741824",
        "--pids-limit 128",
        f"-v {tmp_path}/src:/src:ro",
        f"-v {tmp_path}/env:{tmp_path}/env:ro",
    ):
        assert part in line
    assert words[-3:] == ("python", "/job/x.py", "3")
    assert "--user 0:" not in line
    assert "--network" not in argv(Container("docker"), Job(("x",), network=True), "name", tmp_path)


ENGINE = """
import os, sys
channel = next(word for word in sys.argv if word.endswith(":/channel:ro")).partition(":")[0]
at = sys.argv.index("-c")
script = sys.argv[at + 1].replace("/channel", channel).replace("mkdir -p /tmp/home && ", "")
os.execv("/bin/sh", ["/bin/sh", "-c", script, *sys.argv[at + 2:]])
"""
"""Stands for docker: runs what would run inside, outside."""


@pytest.mark.skipif(sys.platform != "linux", reason="named pipes open for both directions")
@pytest.mark.parametrize("size", [5, 200_000])
async def test_in_a_container_the_secret_is_read_to_its_end_and_the_report_comes_back(
    tmp_path: Path, size: int
) -> None:
    engine = tmp_path / "engine"
    engine.write_text(f"#!{sys.executable}\n{ENGINE}", encoding="utf-8")
    engine.chmod(0o755)
    code = "import os; os.write(3, str(len(open(4, 'rb').read())).encode())"
    job = Job((sys.executable, "-c", code), secret=b"k" * size, limits=Limits(wall=20.0))
    ran = await Container(str(engine)).run(job)
    assert (ran.ended, ran.exit_code, ran.report) == (Ended.EXITED, 0, str(size).encode())
