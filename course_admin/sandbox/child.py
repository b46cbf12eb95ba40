"""The child process of one submission: isolate it step by step, then run the shell. Inside the sandbox.

    parent ── fork ──> keeper    enters new namespaces; stays outside of the new process namespace, and waits
                         └─ fork ──> first    process 1 of that namespace: mounts, gives up all privileges, waits.
                                       │      When it ends, the kernel kills all processes in the namespace.
                                       └─ fork ──> shell    process 2: runs the student's code

The student's code cannot kill process 1, because the kernel blocks signals to it from inside the namespace. This module
does not read the job: it stays in the pipe until the shell reads it.
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
"""securebits: user 0 gets no capabilities, a change of user adds none, none can be raised; all of this is locked."""
LAST_CAPABILITY = 63
CAPABILITY_VERSION = 0x20080522

BROKEN = 70
"""The exit code if the child could not be isolated, or if its shell lost the pipes."""
HIGH = 127
"""The highest exit code of a program. Larger ones are replaced by it, because 128 and more mean a signal."""
STUDENT = 1000
"""User and group id of the student's code if root started the sandbox: the kernel does not count root's processes."""
SCRATCH = ("/tmp", "/work", "/dev/shm")


def run(descriptors: tuple[int, int, int], config: Config, shell: Callable[[int, int], None]) -> None:
    """Run a submission in a fork of the parent. Never returns. The process's exit code is the shell's.

    descriptors: the pipes for the job, the frames, and raw output; config: the host's configuration; shell: runs the
    job, called with the first two descriptors.
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
            # The shell's orphaned processes must become children of this process, so that the host can find them.
            prctl(PR_SET_CHILD_SUBREAPER, 1, optional=True)
        os.chdir(config["work"])
        shut_in(config)
        second = os.fork()
        if not config["namespaces"]:
            # Without a process namespace, both processes must be killed explicitly when their parents end. This is set
            # after shut_in, because a change of user resets it.
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
    """Mount memory-backed folders with limits, and a /proc without other processes, in new namespaces."""
    # First make the mounts private, so that they do not propagate to the parent's namespace.
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    for folder in SCRATCH:
        size = config["shared_memory"] if folder == "/dev/shm" else config["disk"]
        # bwrap's own tmpfs cannot limit the number of files, and each file takes a kilobyte of kernel memory.
        options = f"size={size},nr_inodes={config['inodes']},mode=1777"
        mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, options)
    # Read-only, because the machine's root can write to /proc/sys, and this process may run as that user.
    mount("proc", "/proc", "proc", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)


def shut_in(config: Config) -> None:
    """Give up all privileges, for this process and its descendants, and set the limits."""
    if config["linux"]:
        drop_capabilities(config)
    limits = {
        # Kernels before 5.14 also count the user's processes outside of the sandbox.
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
        # Not RLIMIT_AS: torch's CUDA build maps gigabytes that it never uses. Memory from the parent is added.
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
    """Change to the student's user if there is one, and drop all capabilities permanently."""
    libc = ctypes.CDLL(None, use_errno=True)
    prctl(PR_SET_SECUREBITS, SECURE, optional=True)
    for capability in range(LAST_CAPABILITY + 1):
        # Optional: it fails if the kernel does not know the capability, or if the process may not drop it.
        prctl(PR_CAPBSET_DROP, capability, optional=True)
    if config["second_user"]:
        try:
            os.setgroups([])
            os.setresgid(STUDENT, STUDENT, STUDENT)
            os.setresuid(STUDENT, STUDENT, STUDENT)
        except PermissionError:
            # If bubblewrap cannot give privileges (AppArmor), a sandbox for one job has no second user. Then only the
            # watch counts its processes.
            if config["namespaces"]:
                raise
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, optional=True)

    class Header(ctypes.Structure):
        _fields_ = (("version", ctypes.c_uint32), ("process", ctypes.c_int))

    if libc.capset(ctypes.byref(Header(CAPABILITY_VERSION, 0)), (ctypes.c_uint32 * 6)()) != 0:
        raise OSError(ctypes.get_errno(), "the privileges could not be given up")
    prctl(PR_SET_NO_NEW_PRIVS, 1)


def unshare(flags: int) -> None:
    """Move this process into new namespaces (CLONE_NEW* flags). Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), f"no new namespaces: {os.strerror(ctypes.get_errno())}")


def mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    """Call mount(2). Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    texts = [text.encode() if text else None for text in (source, target, kind, options)]
    if libc.mount(*texts[:3], ctypes.c_ulong(flags), texts[3]) != 0:
        raise OSError(ctypes.get_errno(), f"{target} could not be mounted: {os.strerror(ctypes.get_errno())}")


def prctl(option: int, value: int, *, optional: bool = False) -> None:
    """Call prctl(2). Raises OSError unless `optional`."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "prctl"):
        return
    nothing = ctypes.c_ulong(0)
    if libc.prctl(option, ctypes.c_ulong(value), nothing, nothing, nothing) != 0 and not optional:
        raise OSError(ctypes.get_errno(), f"prctl {option} was refused")


def _move(descriptors: tuple[int, int, int]) -> tuple[int, int]:
    """Move the job and the frames to descriptors 3 and 4, raw output to 1 and 2, /dev/null to 0. Close all others.

    Returns the descriptors of job and frames.
    """
    # First move them above all targets, so that dup2 does not overwrite one of them.
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
    # The host sees the end of a pipe only when all processes have closed their end of it.
    os.closerange(0, 256)


def _wait_for(child: int, *, own: bool = False) -> int:
    """Wait until `child` has ended, and reap other ended processes meanwhile. Return an exit code.

    It is 128 plus the number of the signal that ended the child, else the child's own code. own: limit that to HIGH,
    because the student's process can choose any code.
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
