"""The system call filter, run by a small model of the kernel's machine, so that aarch64 is tested here as well."""

from __future__ import annotations

import socket
import struct

import pytest

from agents.verification.sandbox.seccomp import BOXED, INSTALLING, Policy, program

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOW, KILL, EPERM, ENOSYS = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026
ALONE = Policy(families=(), signals=False, attributes=False, truncate=False)


def verdict(filter_: bytes, architecture: int, number: int, *arguments: int) -> int:
    """What the filter answers to this call (linux/filter.h: classic BPF; linux/seccomp.h: the data it sees)."""
    padded = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("<iIQ6Q", number, architecture, 0, *(value & (1 << 64) - 1 for value in padded))
    instructions = list(struct.iter_unpack("HBBI", filter_))
    accumulator, at = 0, 0
    while True:
        code, if_true, if_false, value = instructions[at]
        at += 1
        match code:
            case 0x20:
                accumulator = struct.unpack_from("<I", data, value)[0]
            case 0x54:
                accumulator &= value
            case 0x06:
                return int(value)
            case 0x15 | 0x35 | 0x45:
                met = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[code]
                at += if_true if met else if_false
            case _:
                raise AssertionError(f"unknown instruction {code:#x}")


CALLS = {
    "read": (0, 63),
    "socket": (41, 198),
    "socketpair": (53, 199),
    "clone": (56, 220),
    "clone3": (435, 435),
    "ioctl": (16, 29),
    "ptrace": (101, 117),
    "mount": (165, 40),
    "unshare": (272, 97),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "io_uring_setup": (425, 425),
    "shmget": (29, 194),
    "kill": (62, 129),
    "truncate": (76, 45),
    "connect": (42, 203),
    "fchmodat": (268, 53),
    "fchownat": (260, 54),
}
THREAD, FORK, NEWUSER, NEWNET = 0x3D0F00, 17, 0x10000000, 0x40000000
PAIR, STREAM, DATAGRAM, CLOEXEC = socket.AF_UNIX, socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_CLOEXEC


@pytest.mark.parametrize("machine", ARCHITECTURES)
@pytest.mark.parametrize(
    ("policy", "call", "arguments", "expected"),
    [
        (BOXED, "read", (), ALLOW),
        (BOXED, "socket", (socket.AF_INET,), ALLOW),
        (BOXED, "socket", (socket.AF_INET6,), ALLOW),
        (BOXED, "socket", (socket.AF_UNIX,), ALLOW),
        (BOXED, "socket", (16,), ALLOW),
        (BOXED, "socket", (40,), EPERM),
        (BOXED, "socket", (17,), EPERM),
        (BOXED, "socket", (0x1_0000_0028,), EPERM),
        (BOXED, "socketpair", (PAIR, DATAGRAM), ALLOW),
        (BOXED, "socketpair", (40, STREAM), EPERM),
        (BOXED, "clone", (THREAD,), ALLOW),
        (BOXED, "clone", (FORK,), ALLOW),
        (BOXED, "clone", (FORK | NEWUSER,), EPERM),
        (BOXED, "clone", (FORK | NEWNET,), EPERM),
        (BOXED, "clone3", (), ENOSYS),
        (BOXED, "ioctl", (0, 0x5413), ALLOW),
        (BOXED, "ioctl", (0, 0x5412), EPERM),
        (BOXED, "ioctl", (0, 0x1_0000_5412), EPERM),
        (BOXED, "ioctl", (0, 0x541C), EPERM),
        (BOXED, "kill", (1, 9), ALLOW),
        (BOXED, "truncate", (), ALLOW),
        (BOXED, "fchmodat", (0, 0, 0), ALLOW),
        *(
            (BOXED, call, (), EPERM)
            for call in ("ptrace", "mount", "unshare", "keyctl", "bpf", "io_uring_setup", "shmget")
        ),
        (INSTALLING, "socket", (socket.AF_INET,), ALLOW),
        (INSTALLING, "socket", (socket.AF_UNIX,), EPERM),
        (INSTALLING, "socketpair", (PAIR, STREAM | CLOEXEC), ALLOW),
        (INSTALLING, "connect", (), ALLOW),
        (ALONE, "socket", (socket.AF_UNIX,), EPERM),
        (ALONE, "socket", (socket.AF_INET,), EPERM),
        (ALONE, "socketpair", (PAIR, STREAM | CLOEXEC), ALLOW),
        (ALONE, "socketpair", (PAIR, DATAGRAM | CLOEXEC), EPERM),
        (ALONE, "connect", (), EPERM),
        (ALONE, "kill", (1, 9), EPERM),
        (ALONE, "truncate", (), EPERM),
        (ALONE, "fchmodat", (0, 0, 0o644), ALLOW),
        (ALONE, "fchmodat", (0, 0, 0o755), ALLOW),
        (ALONE, "fchmodat", (0, 0, 0o000), EPERM),
        (ALONE, "fchmodat", (0, 0, 0o400), EPERM),
        (ALONE, "fchmodat", (0, 0, 0o777), EPERM),
        (ALONE, "fchmodat", (0, 0, 0o4755), EPERM),
        (ALONE, "fchownat", (), EPERM),
    ],
)
def test_each_call_gets_its_verdict(
    machine: str, policy: Policy, call: str, arguments: tuple[int, ...], expected: int
) -> None:
    number = CALLS[call][list(ARCHITECTURES).index(machine)]
    assert verdict(program(policy, machine), ARCHITECTURES[machine], number, *arguments) == expected


@pytest.mark.parametrize("machine", ARCHITECTURES)
@pytest.mark.parametrize("foreign", [0x40000003, 0x40000028, 0])
def test_programs_of_a_foreign_architecture_are_killed(machine: str, foreign: int) -> None:
    assert verdict(program(BOXED, machine), foreign, 0) == KILL


def test_the_x32_numbers_do_not_exist() -> None:
    assert verdict(program(BOXED, "x86_64"), ARCHITECTURES["x86_64"], 0x40000000 | 101) == ENOSYS


def test_the_chmod_that_only_x86_has_is_held_too() -> None:
    filter_ = program(ALONE, "x86_64")
    assert verdict(filter_, ARCHITECTURES["x86_64"], 90, 0, 0o777) == EPERM
    assert verdict(filter_, ARCHITECTURES["x86_64"], 90, 0, 0o600) == ALLOW


def test_an_unknown_machine_is_an_error_that_names_it() -> None:
    with pytest.raises(ValueError, match="no system call filter for riscv64"):
        program(BOXED, "riscv64")


@pytest.mark.parametrize("policy", [BOXED, INSTALLING, ALONE])
def test_the_program_fits_into_the_kernels_limit(policy: Policy) -> None:
    assert len(program(policy, "x86_64")) // 8 < 4096
