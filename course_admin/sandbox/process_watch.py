"""What runs in a sandbox as seen from outside: the tree of processes, its memory, and how to end it.

Of processes that the host can see: all of them, whatever namespaces they are in.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Set
from pathlib import Path

PROC = Path("/proc")


def children(pid: int) -> list[int]:
    """The children of a process in the order in which they came; [] when it has ended."""
    found: list[int] = []
    with contextlib.suppress(OSError, ValueError):
        for thread in os.scandir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError):
                found += map(int, _read(f"{thread.path}/children").split())
    return found


def descendants(pid: int) -> Iterator[tuple[int, int]]:
    """Every process below one and its parent, parents before children."""
    waiting, seen = [(child, pid) for child in children(pid)], {pid}
    while waiting:
        process, parent = waiting.pop(0)
        if process not in seen:
            seen.add(process)
            yield process, parent
            waiting += [(child, process) for child in children(process)]


def memory(pids: list[int], enough: int, stop: Callable[[], bool] = lambda: False) -> int:
    """Bytes that these processes hold, what several share counted once.

    First what is quickly known and never too little: each one's own pages, and shared ones as often as they are
    mapped. Only when that is more than `enough`, which takes ten times as long, each one's proportional part.
    stop: whether to give up on that and return what there is so far. The kernel makes us wait for a process that is
    being forked, and with a bomb of them that can be longer than there is time.
    """
    upper = sum(_upper(pid) for pid in pids)
    if upper <= enough:
        return upper
    total = 0
    for pid in pids:
        if stop():
            break
        total += _proportional(pid)
    return total


def kill_below(pid: int, patience: float = 5.0, keep: Set[int] = frozenset()) -> bool:
    """Kill every process below one, repeatedly, since they may multiply. Returns whether all have ended.

    keep: process numbers that are left alone. All have ended when two looks in a row find none: when a process ends
    between reading its parent's list and its own list, its child is in neither.
    """
    give_up = time.monotonic() + patience
    found = True
    while True:
        before = found
        found = bool([one for one, parent in descendants(pid) if one not in keep and _kill(one, parent)])
        if not found:
            if not before:
                return True
            continue
        if time.monotonic() > give_up:
            return False
        time.sleep(0.002)


def is_running(pid: int) -> bool:
    """Whether there is such a process, and it is not one that has ended and waits to be collected."""
    try:
        return _state(pid)[0] not in "ZX"
    except (OSError, ValueError, IndexError):
        return False


def waited(pid: int) -> float:
    """Seconds that a process's first thread could have run in all, and others had the processor; 0 where unknown."""
    try:
        return int(_read(f"/proc/{pid}/schedstat").split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def computing(pids: list[int]) -> int:
    """How many threads of these processes run or want to at this moment."""
    count = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for thread in os.scandir(f"/proc/{pid}/task"):
                with contextlib.suppress(OSError):
                    count += _read(f"{thread.path}/stat").rpartition(")")[2].split()[:1] == ["R"]
    return count


def interrupt(pid: int) -> None:
    """Send SIGINT to a process, if it is still there."""
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGINT)


def users_threads() -> int:
    """How many threads the user has on the machine, which older kernels count against a sandbox's limit."""
    total = 0
    for folder in PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if folder.stat().st_uid == os.geteuid():
                total += sum(1 for _ in (folder / "task").iterdir())
    return total


def _kill(pid: int, parent: int) -> bool:
    """Kill a child of `parent`. Returns whether it was still running; what waits to be collected no longer is."""
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        # Another process may have its number by now; the handle still means the same process.
        state, now = _state(pid)
        if now == parent and state not in "ZX":
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        return state not in "ZX"
    except (OSError, ValueError, IndexError):
        return False
    finally:
        os.close(handle)


def _state(pid: int) -> tuple[str, int]:
    # The name before it is in brackets and may contain brackets too.
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return fields[0], int(fields[1])


def _upper(pid: int) -> int:
    total = 0
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in _read(f"/proc/{pid}/status").splitlines():
            if line.startswith(("RssAnon:", "RssShmem:", "VmSwap:", "VmPTE:")):
                total += int(line.split()[1]) << 10
    return total


def _proportional(pid: int) -> int:
    total = 0
    try:
        for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
            if line.startswith(("Pss_Anon:", "Pss_Shmem:", "SwapPss:")):
                total += int(line.split()[1]) << 10
    except (OSError, ValueError, IndexError):
        # It has just ended, or it cannot be read: then what it holds at most is what it holds.
        return _upper(pid)
    return total


def _read(path: str) -> str:
    # Path.read_text takes three times as long, and this is read fifty times a second.
    handle = os.open(path, os.O_RDONLY)
    try:
        return os.read(handle, 1 << 16).decode(errors="replace")
    finally:
        os.close(handle)
