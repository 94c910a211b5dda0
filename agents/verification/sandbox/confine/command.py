"""In the child: confine this process step by step, and become the command."""

from __future__ import annotations

import os
import resource

from . import kernel
from .mounts import open_up, refuse_closed

# ruff: noqa: PTH103
# pathlib takes as long to import as the rest of the program.

MYPY = False
if MYPY:
    from .orders import Orders

_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


def become(orders: Orders) -> None:
    """Does not return. The order matters: what needs root or files comes before they are given up."""
    try:
        os.setsid()
        _confine(orders)
        os.write(orders.status, b"started\n")
    except BaseException as error:  # whatever it is, this process must not go on as a second supervisor
        os.write(orders.status, f"failed {type(error).__name__}: {error}\n".encode())
        os._exit(126)
    _execute(orders.argv, orders.variables)
    os._exit(127)


def _execute(argv: list[str], variables: dict[str, str]) -> None:
    """Look through PATH as the shell does. (os.execvpe imports a module first, which may be out of reach by now.)"""
    name, said = argv[0], "not found"
    for folder in [""] if "/" in name else variables["PATH"].split(":"):
        try:
            os.execve(f"{folder}/{name}" if folder else name, argv, variables)  # noqa: S606 - no shell
        except FileNotFoundError:
            continue
        except OSError as error:
            said = str(error.strerror)
    os.write(2, f"{name}: {said}\n".encode())


def _confine(orders: Orders) -> None:
    mounted = orders.mounts and kernel.own_mounts()
    if mounted:
        open_up([*orders.read, *orders.write, orders.directory])
        for folder, size in orders.sizes.items():
            os.makedirs(folder, exist_ok=True)
            kernel.mount_memory(folder, size, 0o1777)
    elif orders.user is not None:
        refuse_closed([*orders.read, *orders.write, orders.directory])
    _copy(orders)
    rules = _ruleset(orders, mounted) if orders.landlock else None
    for name, value in orders.limits.items():
        _limit(getattr(resource, f"RLIMIT_{name}"), value)
    kernel.forbid_new_privileges()
    _give_up_root(orders.user)
    os.chdir(f"{orders.directory}/job")
    if rules:
        rules.enforce()
    for descriptor in orders.keep:
        os.set_inheritable(descriptor, True)
    kernel.default_signals()
    if orders.filter:
        kernel.install_filter(orders.filter)


def _copy(orders: Orders) -> None:
    folders = [orders.directory, *(f"{orders.directory}/{name}" for name in ("job", "home", "tmp"))]
    for folder in folders:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        if orders.user is not None:
            os.chown(folder, orders.user, orders.user)
    if not orders.source:
        return
    steps = ['cp -a "$1/." "$2/"', 'chmod -R u+rwX "$2"']
    if orders.user is not None:
        steps.append(f'chown -hR {orders.user}:{orders.user} "$2"')
    argv = ("/bin/sh", "-c", " && ".join(steps), "sh", orders.source, folders[1])
    pid = os.posix_spawn(argv[0], argv, {"PATH": "/usr/bin:/bin", "LC_ALL": "C"})
    if os.waitpid(pid, 0)[1]:
        raise OSError(f"{orders.source} could not be copied")


def _ruleset(orders: Orders, mounted: bool) -> kernel.Ruleset:
    rules = kernel.Ruleset(orders.landlock)
    for path in (*orders.read, "/proc/self"):
        rules.allow(path, kernel.READ)
    for path in _DEVICES:
        rules.allow(path, kernel.DEVICE)
    for path in (*orders.write, orders.directory, *(orders.sizes if mounted else ())):
        rules.allow(path, kernel.EVERYTHING)
    return rules


def _limit(number: int, value: int) -> None:
    """Never above what this process itself may have."""
    hard = resource.getrlimit(number)[1]
    bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(number, (bound, bound))


def _give_up_root(user: int | None) -> None:
    """Every capability goes, even where the user stays root (installing)."""
    if os.geteuid():
        return
    kernel.drop_capabilities()
    os.setgroups([])
    if user is not None:
        os.setgid(user)
        os.setuid(user)
