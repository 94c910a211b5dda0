"""System calls that Python does not wrap: Landlock, seccomp, prctl, mount. Each raises OSError."""

from __future__ import annotations

import ctypes
import os
import struct
import sys

MYPY = False
if MYPY:
    from typing import Any

IS_LINUX = sys.platform == "linux"

_PR_CAPBSET_DROP, _PR_SET_SECCOMP, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 24, 22, 36, 38, 47
_PR_CAP_AMBIENT_CLEAR_ALL, _SECCOMP_MODE_FILTER, _CAPABILITIES = 4, 2, 64
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE = 1, 2, 4, 8, 1 << 14
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_HANDLED_BY_ABI = (0, 0x1FFF, 0x3FFF, 0x7FFF, 0x7FFF, 0xFFFF)
"""File rights that exist, by ABI (Documentation/userspace-api/landlock.rst); none were added after 5."""
_SCOPES = 0b11
"""Abstract sockets and signals, since ABI 6."""
_MS_NOSUID, _MS_NODEV, _MS_BIND, _MS_REC, _MS_PRIVATE, _CLONE_NEWNS = 2, 4, 4096, 16384, 1 << 18, 0x20000
_SIGPIPE, _SIGXFSZ = 13, 25

READ = _EXECUTE | _READ_FILE | _READ_DIR
DEVICE = _READ_FILE | _WRITE_FILE
EVERYTHING = 0xFFFF

Namespace: Any = type(sys.implementation)
"""types.SimpleNamespace, without its module."""

_libc = ctypes.CDLL(None, use_errno=True)


def adopt_orphans() -> None:
    """Descendants whose parent died become children of this process."""
    if IS_LINUX:
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def forbid_new_privileges() -> None:
    """Programs that are set-user-id start as ordinary ones."""
    if IS_LINUX:
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def drop_capabilities() -> None:
    """For good: a program that root starts after this has none either."""
    if IS_LINUX:
        for capability in range(_CAPABILITIES):
            if _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0):
                break
        _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)


def default_signals() -> None:
    """Python ignores these two, and what is ignored stays so in a new program."""
    for number in (_SIGPIPE, _SIGXFSZ):
        _libc.signal(number, None)


def install_filter(program: bytes) -> None:
    instructions = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(instructions))
    _checked("seccomp", _libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header, 0, 0))


def landlock_abi() -> int:
    """The version the kernel speaks; 0 where it has no Landlock, or it is switched off."""
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, 0, 1))) if IS_LINUX else 0


class Ruleset:
    """Denies every kind of file access that Landlock knows, but what is allowed below a path."""

    def __init__(self, abi: int) -> None:
        self._handled = _HANDLED_BY_ABI[min(abi, len(_HANDLED_BY_ABI) - 1)]
        attributes = struct.pack("QQQ", self._handled, 0, _SCOPES if abi >= 6 else 0)
        size = 24 if abi >= 6 else 16 if abi >= 4 else 8
        self._number = _checked("landlock_create_ruleset", _libc.syscall(_CREATE_RULESET, attributes, size, 0))

    def allow(self, path: str, rights: int) -> None:
        """What does not exist is left out."""
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            return
        rights &= self._handled if os.path.isdir(path) else self._handled & _OF_FILES  # noqa: PTH112
        rule = struct.pack("=Qi", rights, place)
        _checked(f"landlock_add_rule {path}", _libc.syscall(_ADD_RULE, self._number, 1, rule, 0))
        os.close(place)

    def enforce(self) -> None:
        _checked("landlock_restrict_self", _libc.syscall(_RESTRICT_SELF, self._number, 0))
        os.close(self._number)


def own_mounts() -> bool:
    """Go into a mount namespace of our own. False where this is not allowed, as in most containers."""
    if not IS_LINUX or _libc.unshare(_CLONE_NEWNS):
        return False
    _mount(None, "/", None, _MS_REC | _MS_PRIVATE, "")
    return True


def mount_memory(folder: str, size: int, mode: int) -> None:
    _mount("tmpfs", folder, "tmpfs", _MS_NOSUID | _MS_NODEV, f"size={size},mode={mode:o}")


def bind(place: int, target: str) -> None:
    """Make what the descriptor `place` was opened for visible at `target`."""
    _mount(f"/proc/self/fd/{place}", target, None, _MS_BIND | _MS_REC, "")


def _mount(source: str | None, target: str, kind: str | None, flags: int, options: str) -> None:
    first, third = (word.encode() if word else None for word in (source, kind))
    result = _libc.mount(first, target.encode(), third, ctypes.c_ulong(flags), options.encode())
    _checked(f"mount {target}", result)


def _prctl(option: int, value: int) -> None:
    _checked(f"prctl {option}", _libc.prctl(option, value, 0, 0, 0))


def _checked(what: str, result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result
