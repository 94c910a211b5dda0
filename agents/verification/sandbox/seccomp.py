"""Which system calls code under test may make: a classic-BPF program for the kernel's seccomp filter.

Namespaces do not cover AF_VSOCK, io_uring, keyrings, ptrace among one's own processes, or namespaces in namespaces.
The numbers are those of the kernel's tables for x86_64 and aarch64 (arch/x86/entry/syscalls, asm-generic/unistd.h).
"""

from __future__ import annotations

import errno
import platform
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_NUMBER, _ARCHITECTURE = 0, 4

_REFUSED = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "memfd_secret": (447, 447),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "open_tree_attr": (467, 467),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "syslog": (103, 116),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "fanotify_init": (300, 262),
    "vhangup": (153, 58),
    # Shared memory that outlives its processes and that no process's size shows.
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
}
_ONLY_X86 = {"iopl": 172, "ioperm": 173, "modify_ldt": 154, "uselib": 134}
_KILLS = {
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
}
_OWNERS_AND_ATTRIBUTES = {
    "fchownat": (260, 54),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
}
_OWNERS_X86 = {"chown": 92, "lchown": 94}
_SOCKET, _SOCKETPAIR, _CONNECT = (41, 198), (53, 199), (42, 203)
_CLONE, _CLONE3, _IOCTL, _TRUNCATE = (56, 220), (435, 435), (16, 29), (76, 45)
_CHMOD_X86, _FCHMODAT, _FCHMODAT2 = 90, (268, 53), (452, 452)

_NEW_NAMESPACES = 0x7E020000
"""CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET}; CLONE_NEWTIME is for clone3 only."""
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_X32 = 0x40000000
_AF_NETLINK = 16


@dataclass(frozen=True)
class Policy:
    """What is allowed beyond computing and files."""

    families: tuple[int, ...] = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, _AF_NETLINK)
    """Address families of `socket()`. Stream pairs by `socketpair()` are always allowed: asyncio needs one."""
    signals: bool = True
    """False where nothing else keeps signals from the user's other processes: then none may be sent."""
    attributes: bool = True
    """False where code runs as a user with other files: no owners, no extended attributes, and ordinary modes only."""
    truncate: bool = True
    """False below Landlock ABI 3, which lets `truncate()` reach every file."""


BOXED = Policy()
"""Own network, process and mount namespaces stand around the code."""
INSTALLING = Policy(families=(socket.AF_INET, socket.AF_INET6, _AF_NETLINK))
"""The machine's network is visible, and with it the machine's abstract sockets: so no AF_UNIX."""


@dataclass(frozen=True)
class _Instruction:
    code: int
    value: int
    if_true: int = 0
    if_false: int = 0

    def packed(self) -> bytes:
        return struct.pack("HBBI", self.code, self.if_true, self.if_false, self.value)


_Block = list[_Instruction]


def program(policy: Policy, machine: str = "") -> bytes:
    """The filter as an array of `struct sock_filter`. `machine` is x86_64 or aarch64, by default this one.

    Raises ValueError on other machines.
    """
    machine = machine or {"arm64": "aarch64", "AMD64": "x86_64"}.get(platform.machine(), platform.machine())
    if machine not in _AUDIT_ARCH:
        raise ValueError(f"no system call filter for {machine} (only {', '.join(_AUDIT_ARCH)})")
    column = list(_AUDIT_ARCH).index(machine)
    blocks = [_entry(machine), *(_refuse(number) for number in _refused_numbers(policy, column))]
    blocks += [
        # clone3 hides its flags behind a pointer; without it the C library falls back to clone.
        _refuse(_CLONE3[column], errno.ENOSYS),
        _refuse_if(_CLONE[column], 0, [_Instruction(_ANY_BIT, _NEW_NAMESPACES, 0, 1)]),
        _allow_only(_SOCKET[column], 0, policy.families),
        _socketpair(_SOCKETPAIR[column], policy),
    ]
    blocks += [_refuse_if(_IOCTL[column], 1, [_Instruction(_EQUAL, code, 0, 1)]) for code in (_TIOCSTI, _TIOCLINUX)]
    if not policy.attributes:
        blocks += _ordinary_modes(column)
    blocks.append([_Instruction(_RETURN, _ALLOW)])
    return b"".join(instruction.packed() for block in blocks for instruction in block)


def _entry(machine: str) -> _Block:
    """Foreign ABIs (i386 or x32 on x86_64) have other numbers: the first is killed, the second does not exist."""
    block = [
        _Instruction(_LOAD, _ARCHITECTURE),
        _Instruction(_EQUAL, _AUDIT_ARCH[machine], 1, 0),
        _Instruction(_RETURN, _KILL),
        _Instruction(_LOAD, _NUMBER),
    ]
    if machine == "x86_64":
        block += [_Instruction(_AT_LEAST, _X32, 0, 1), _error(errno.ENOSYS)]
    return block


def _refused_numbers(policy: Policy, column: int) -> Iterable[int]:
    yield from (numbers[column] for numbers in _REFUSED.values())
    if column == 0:
        yield from _ONLY_X86.values()
    if not policy.signals:
        yield from (numbers[column] for numbers in _KILLS.values())
    if not policy.truncate:
        yield _TRUNCATE[column]
    if socket.AF_UNIX not in policy.families and not policy.families:
        yield _CONNECT[column]
    if not policy.attributes:
        yield from (numbers[column] for numbers in _OWNERS_AND_ATTRIBUTES.values())
        yield _FCHMODAT2[column]
        yield from _OWNERS_X86.values() if column == 0 else ()


def _error(number: int) -> _Instruction:
    return _Instruction(_RETURN, 0x00050000 | number)


def _refuse(call: int, number: int = errno.EPERM) -> _Block:
    return [_Instruction(_EQUAL, call, 0, 1), _error(number)]


def _argument(index: int) -> _Instruction:
    """Load the low half of an argument (both machines are little-endian)."""
    return _Instruction(_LOAD, 16 + 8 * index)


def _when(call: int, body: _Block) -> _Block:
    """Run `body` for this call only, and reload the number for the blocks after it."""
    return [_Instruction(_EQUAL, call, 0, len(body) + 1), *body, _Instruction(_LOAD, _NUMBER)]


def _refuse_if(call: int, argument: int, test: _Block) -> _Block:
    """`test` falls through to the refusal, or jumps over it."""
    return _when(call, [_argument(argument), *test, _error(errno.EPERM)])


def _allow_only(call: int, argument: int, values: tuple[int, ...]) -> _Block:
    tests = [_Instruction(_EQUAL, value, len(values) - at, 0) for at, value in enumerate(values)]
    return _when(call, [_argument(argument), *tests, _error(errno.EPERM)])


def _socketpair(call: int, policy: Policy) -> _Block:
    """Pairs of AF_UNIX. A datagram one could be turned to any socket of the machine, so it needs AF_UNIX allowed."""
    family = [_argument(0), _Instruction(_EQUAL, socket.AF_UNIX, 1, 0), _error(errno.EPERM)]
    if socket.AF_UNIX in policy.families:
        return _when(call, family)
    kind = [_argument(1), _Instruction(_AND, 0xF), _Instruction(_EQUAL, socket.SOCK_DGRAM, 0, 1), _error(errno.EPERM)]
    return _when(call, family + kind)


def _ordinary_modes(column: int) -> list[_Block]:
    """chmod keeps read and write for the owner, and gives nobody else write, nor set-user-id."""
    calls = [(_FCHMODAT[column], 2)] + ([(_CHMOD_X86, 1)] if column == 0 else [])
    owner = [_Instruction(_AND, 0o600), _Instruction(_EQUAL, 0o600, 1, 0)]
    others = [_Instruction(_ANY_BIT, 0o7022, 0, 1)]
    return [block for call, at in calls for block in (_refuse_if(call, at, owner), _refuse_if(call, at, others))]
