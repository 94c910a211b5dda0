"""What a person wrote is read as it is, or refused with what, where and what to do."""

from __future__ import annotations

import codecs
import os
from pathlib import Path

import pytest

from orchestrator.files import FileProblem, Folder, NotRegular, NotText, TooLarge
from orchestrator.intake import MAX_BYTES, Blank, decode, read

REL = "01_input/requirements.txt"


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (b"a greeting", "a greeting"),
        (b"one\r\ntwo\r", "one\r\ntwo\r"),
        ("Grüße 😀".encode(), "Grüße 😀"),
        (codecs.BOM_UTF8 + b"words", "words"),
        (codecs.BOM_UTF16_LE + "Grüße 😀".encode("utf-16-le"), "Grüße 😀"),
        (codecs.BOM_UTF16_BE + "Grüße 😀".encode("utf-16-be"), "Grüße 😀"),
        (codecs.BOM_UTF32_LE + "Grüße".encode("utf-32-le"), "Grüße"),
        (b"\x1b[31mred\x1b[0m\tand\x0cfeed", "\x1b[31mred\x1b[0m\tand\x0cfeed"),
    ],
)
def test_text_is_read_as_it_is(found: bytes, text: str) -> None:
    assert decode(found, REL) == text


@pytest.mark.parametrize(
    "found",
    [b"", b" \r\n\t\n", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, "\u200b \ufeff".encode(), "\u00a0\u2003".encode()],
)
def test_a_blank_file_waits(found: bytes) -> None:
    with pytest.raises(Blank, match="is empty; write"):
        decode(found, REL)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (b"caf\xe9", "not UTF-8 at byte 3"),
        (b"\x89PNG\r\n\x1a\n\0\0", "not UTF-8 at byte 0"),
        (codecs.BOM_UTF8 + b"ab\xff", "not UTF-8 at byte 5"),
        ("words".encode("utf-16-le"), "byte 1 is zero"),
        ("words".encode("utf-16-be"), "byte 0 is zero"),
        ("ü\0".encode(), "byte 2 is zero"),
        (codecs.BOM_UTF16_LE + b"a\0b", "not UTF-16-LE at byte 4"),
        (codecs.BOM_UTF16_LE + b"a\0\x00\xd8b\0", "not UTF-16-LE at byte 4"),
        (codecs.BOM_UTF16_LE + b"a\0\0\0", "byte 4 is zero"),
        (b"\xed\xa0\x80", "not UTF-8 at byte 0"),
    ],
)
def test_what_is_no_text_is_refused_with_the_byte(found: bytes, message: str) -> None:
    with pytest.raises(NotText, match=message) as caught:
        decode(found, REL)
    assert str(caught.value).startswith(f"{REL}: ")
    assert str(caught.value).endswith("save it as UTF-8 text")


def test_an_absent_file_is_none(tmp_path: Path) -> None:
    with Folder.open(tmp_path) as folder:
        assert read(folder, REL) is None


def test_the_largest_file_is_read_and_one_byte_more_is_refused(tmp_path: Path) -> None:
    with Folder.open(tmp_path) as folder:
        folder.write(REL, b"x" * MAX_BYTES)
        assert len(read(folder, REL) or "") == MAX_BYTES
        folder.write(REL, b"x" * (MAX_BYTES + 1))
        with pytest.raises(TooLarge, match="262,144 bytes"):
            read(folder, REL)


def test_a_pipe_a_link_a_folder_and_a_device_are_refused_without_waiting(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("words")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "text")
    (tmp_path / "device").symlink_to("/dev/zero")
    (tmp_path / "folder").mkdir()
    with Folder.open(tmp_path) as folder:
        for name in ("pipe", "link", "device", "folder"):
            with pytest.raises(NotRegular, match=f"^{name}: is"):
                read(folder, name)


def test_a_device_is_refused(tmp_path: Path) -> None:
    with Folder.open(Path("/dev")) as folder, pytest.raises(FileProblem, match=r"^zero: is a device"):
        read(folder, "zero", limit=10)
