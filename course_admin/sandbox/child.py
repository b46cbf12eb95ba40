"""The child of one submission: shut in step by step, then the shell runs. Inside the sandbox.

    parent ── fork ──> keeper    enters new namespaces; stays outside of the new process namespace, and waits
                         └─ fork ──> first    process 1 of that namespace: mounts, gives up all privileges, waits.
                                       │      When it ends, the kernel ends everything in the namespace.
                                       └─ fork ──> shell    process 2: runs the student's code

Process 1 is one that the student's code cannot end: the kernel lets no signal from inside reach it. Nothing here uses
the job: it lies unread in the pipe until the shell reads it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import seccomp

Config = dict[str, Any]

NEW_MOUNTS, NEW_CGROUP, NEW_UTS, NEW_IPC, NEW_PIDS, NEW_NET = (
    0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x20000000, 0x40000000,
)  # fmt: skip
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 1 << 14, 1 << 18
PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_SECUREBITS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 4, 24, 28, 47, 4
PR_SET_NO_NEW_PRIVS, PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG = 38, 36, 1
SECURE = 0b11101111
"""No capabilities for user 0, none kept or raised over a change of user, and these settings locked."""
LAST_CAPABILITY = 63
CAPABILITY_VERSION = 0x20080522

BROKEN = 70
"""The exit code when the child could not be shut in, or its shell lost the pipes."""
HIGH = 127
"""The exit code in place of larger ones that a program chose: 128 and more say which signal ended a process."""
STUDENT = 1000
"""User and group of the student's code, where the sandbox was started by root: a user whose processes are counted."""
SCRATCH = ("/tmp", "/work", "/dev/shm")


def run(descriptors: tuple[int, int, int], config: Config, shell: Callable[[int, int], None]) -> None:
    """What the fork of the parent does from its first line on. Never returns; the exit code is the shell's.

    descriptors: the job, the frames, and where raw output goes; config: what the host has sent at the start;
    shell: runs the job, given the first two.
    """
    code = BROKEN
    try:
        job, frames = _move(descriptors)
        if config["namespaces"]:
            unshare(NEW_PIDS | NEW_MOUNTS | NEW_NET | NEW_IPC | NEW_UTS | NEW_CGROUP)
            first = os.fork()
            if first:
                _close_all()
                os._exit(_wait_for(first))
            mount_scratch(config)
        else:
            # So that what the shell leaves behind becomes ours, where the host finds it, instead of process 1's.
            prctl(PR_SET_CHILD_SUBREAPER, 1, optional=True)
        os.chdir(config["work"])
        shut_in(config)
        second = os.fork()
        if not config["namespaces"]:
            # Without a process 1 that takes all with it. Not before: a change of user would forget it.
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL, optional=True)
        if second:
            prctl(PR_SET_DUMPABLE, 0, optional=True)
            _close_all()
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            os._exit(_wait_for(second, own=True))
        shell(job, frames)
        code = 0
    except BaseException:
        import traceback

        with contextlib.suppress(OSError):
            os.write(2, traceback.format_exc().encode()[-4000:])
    os._exit(code)


def mount_scratch(config: Config) -> None:
    """In fresh namespaces: memory-backed folders with limits, and a /proc without other processes."""
    # First of all nothing that is mounted here may reach the parent's namespace.
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    for folder in SCRATCH:
        size = config["shared_memory"] if folder == "/dev/shm" else config["disk"]
        # bwrap's own tmpfs cannot limit the number of files, and each takes a kilobyte of the kernel's memory.
        options = f"size={size},nr_inodes={config['inodes']},mode=1777"
        mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, options)
    # Read-only: /proc/sys belongs to the machine's root, who may be who we are in this sandbox.
    mount("proc", "/proc", "proc", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)


def shut_in(config: Config) -> None:
    """Give up every privilege, for this process and all that it starts, and set the limits."""
    if config["linux"]:
        drop_capabilities(config)
    limits = {
        # Kernels before 5.14 count the user's processes outside of the sandbox too.
        "RLIMIT_NPROC": config["processes"] + config["processes_elsewhere"],
        "RLIMIT_NOFILE": config["files"],
        "RLIMIT_FSIZE": config["disk"],
        "RLIMIT_CPU": config["cpu_seconds"],
        "RLIMIT_CORE": 0,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_SIGPENDING": 1024,
    }
    if config["linux"]:
        # Not RLIMIT_AS: torch's CUDA build maps gigabytes that it never touches. What the parent has comes on top.
        pages = int(Path("/proc/self/statm").read_text().split()[5])
        limits["RLIMIT_DATA"] = config["memory"] + pages * resource.getpagesize()
    for name, value in limits.items():
        if hasattr(resource, name):
            which = getattr(resource, name)
            highest = resource.getrlimit(which)[1]
            value = value if highest == resource.RLIM_INFINITY else min(value, highest)
            resource.setrlimit(which, (value, value))
    if config["linux"] and not seccomp.install() and config["namespaces"]:
        raise OSError("no list of system calls for this kind of processor")


def drop_capabilities(config: Config) -> None:
    """Change to the student's user where there is one, and drop all capabilities for good."""
    libc = ctypes.CDLL(None, use_errno=True)
    prctl(PR_SET_SECUREBITS, SECURE, optional=True)
    for capability in range(LAST_CAPABILITY + 1):
        # Asked for one that this kernel does not have, or without the right to, the kernel says no.
        prctl(PR_CAPBSET_DROP, capability, optional=True)
    if config["second_user"]:
        try:
            os.setgroups([])
            os.setresgid(STUDENT, STUDENT, STUDENT)
            os.setresuid(STUDENT, STUDENT, STUDENT)
        except PermissionError:
            # Where bubblewrap can give no privileges (AppArmor) a sandbox for one job goes without a second user: the
            # watch alone counts its processes then.
            if config["namespaces"]:
                raise
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, optional=True)

    class Header(ctypes.Structure):
        _fields_ = (("version", ctypes.c_uint32), ("process", ctypes.c_int))

    if libc.capset(ctypes.byref(Header(CAPABILITY_VERSION, 0)), (ctypes.c_uint32 * 6)()) != 0:
        raise OSError(ctypes.get_errno(), "the privileges could not be given up")
    prctl(PR_SET_NO_NEW_PRIVS, 1)


def unshare(flags: int) -> None:
    """New namespaces for this process. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), f"no new namespaces: {os.strerror(ctypes.get_errno())}")


def mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    """mount(2). Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    texts = [text.encode() if text else None for text in (source, target, kind, options)]
    if libc.mount(*texts[:3], ctypes.c_ulong(flags), texts[3]) != 0:
        raise OSError(ctypes.get_errno(), f"{target} could not be mounted: {os.strerror(ctypes.get_errno())}")


def prctl(option: int, value: int, *, optional: bool = False) -> None:
    """prctl(2). Raises OSError unless `optional`."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "prctl"):
        return
    nothing = ctypes.c_ulong(0)
    if libc.prctl(option, ctypes.c_ulong(value), nothing, nothing, nothing) != 0 and not optional:
        raise OSError(ctypes.get_errno(), f"prctl {option} was refused")


def _move(descriptors: tuple[int, int, int]) -> tuple[int, int]:
    """Job and frames at 3 and 4, raw output at 1 and 2, nothing to read at 0; every other descriptor is closed."""
    # First out of the way of each other.
    job, frames, raw = (_above(descriptor, 64) for descriptor in descriptors)
    for position, descriptor in ((1, raw), (2, raw), (3, job), (4, frames)):
        os.dup2(descriptor, position, inheritable=position <= 2)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.closerange(5, 1 << 16)
    return 3, 4


def _above(descriptor: int, least: int) -> int:
    import fcntl

    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, least)


def _close_all() -> None:
    # A pipe ends for the host when the last holder of its other end has closed it.
    os.closerange(0, 256)


def _wait_for(child: int, *, own: bool = False) -> int:
    """Wait until `child` has ended, and collect all that end meanwhile. Returns an exit code that says how: 128 and the
    number of the signal that ended it, else its own, at most HIGH when it is the student's own process.
    """
    while True:
        try:
            ended, status = os.wait()
        except InterruptedError:
            continue
        except ChildProcessError:
            return BROKEN
        if ended == child:
            number = os.waitstatus_to_exitcode(status)
            return 128 - number if number < 0 else min(number, HIGH) if own else number
