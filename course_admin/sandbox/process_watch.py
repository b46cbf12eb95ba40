"""Watch the processes in a sandbox from outside: read the process tree and its memory use, and kill processes.

The host can see all processes, in any namespace.
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
    """Return the children of a process in the order of their creation, [] if it has ended."""
    found: list[int] = []
    with contextlib.suppress(OSError, ValueError):
        for thread in os.scandir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError):
                found += map(int, _read(f"{thread.path}/children").split())
    return found


def descendants(pid: int) -> Iterator[tuple[int, int]]:
    """Yield (process, its parent) for every descendant of a process, parents before children."""
    waiting, seen = [(child, pid) for child in children(pid)], {pid}
    while waiting:
        process, parent = waiting.pop(0)
        if process not in seen:
            seen.add(process)
            yield process, parent
            waiting += [(child, process) for child in children(process)]


def memory(pids: list[int], enough: int, stop: Callable[[], bool] = lambda: False) -> int:
    """Return the memory that these processes use, in bytes. Shared memory counts once.

    First a fast upper bound is computed, which counts shared pages once for each process. Only if it exceeds `enough`,
    each process's proportional share is read, which takes ten times as long. stop: called before each of these reads;
    if true, the sum so far is returned. Reading a process that is being forked blocks in the kernel, and with a fork
    bomb this can take too long.
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
    """Kill all descendants of a process, repeatedly, because they may fork. Return whether all have ended.

    patience: seconds to try; keep: process ids that are not killed. All have ended if two searches in a row find none.
    One is not enough: if a process ends between the reads of its parent's list and its own list, its child is in
    neither list.
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
    """Return whether a process exists and is not a zombie."""
    try:
        return _state(pid)[0] not in "ZX"
    except (OSError, ValueError, IndexError):
        return False


def waited(pid: int) -> float:
    """Return the total time in seconds that a process's main thread waited for a CPU, 0 if unknown."""
    try:
        return int(_read(f"/proc/{pid}/schedstat").split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def computing(pids: list[int]) -> int:
    """Return how many threads of these processes are running or ready to run now."""
    count = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for thread in os.scandir(f"/proc/{pid}/task"):
                with contextlib.suppress(OSError):
                    count += _read(f"{thread.path}/stat").rpartition(")")[2].split()[:1] == ["R"]
    return count


def interrupt(pid: int) -> None:
    """Send SIGINT to a process, if it still exists."""
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGINT)


def users_threads() -> int:
    """Return the number of the user's threads on this machine. Older kernels count them in a sandbox's limit."""
    total = 0
    for folder in PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if folder.stat().st_uid == os.geteuid():
                total += sum(1 for _ in (folder / "task").iterdir())
    return total


def _kill(pid: int, parent: int) -> bool:
    """Kill a child of `parent`. Return whether it was still running. A zombie does not count as running."""
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        # The process id may have been reused since. The pidfd always refers to the same process.
        state, now = _state(pid)
        if now == parent and state not in "ZX":
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        return state not in "ZX"
    except (OSError, ValueError, IndexError):
        return False
    finally:
        os.close(handle)


def _state(pid: int) -> tuple[str, int]:
    # The process name before the state is in brackets and may itself contain brackets.
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
        # The process has just ended, or the file cannot be read: use the upper bound.
        return _upper(pid)
    return total


def _read(path: str) -> str:
    # Path.read_text takes three times as long, and this runs more than fifty times a second.
    handle = os.open(path, os.O_RDONLY)
    try:
        return os.read(handle, 1 << 16).decode(errors="replace")
    finally:
        os.close(handle)
