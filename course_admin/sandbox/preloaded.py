"""The parent process: it imports everything once, then forks a child for each submission. Inside the sandbox.

With each job it gets three file descriptors, which it passes on unread. It never runs students' code, so every child
inherits the same clean parent. When the host process ends, its socket closes and the parent ends, too, even if
bubblewrap's own --die-with-parent has failed.

    host -> parent   the configuration, once; then for each job one byte with three file descriptors
    parent -> host   "ready" or a traceback; then for each job the exit code of its child, when all its processes ended

The imported modules take half a gigabyte. So that several workers share this memory, a parent can be a fork server:
for each worker that connects to its second socket, it forks another parent, process 1 of its own namespace.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from . import child

IMPORTED = (
    *("torch", "torchvision.ops", "torchvision.utils", "matplotlib.pyplot", "seaborn", "scipy.optimize", "scipy.stats"),
    *("sklearn.cluster", "sklearn.decomposition", "sklearn.manifold", "sklearn.metrics"),
    *("course_utils.checks", "course_utils.data", "course_utils.training"),
    *("course_utils.plotting.live", "course_utils.plotting.sweeps"),  # these import the other figures
)
"""Modules that the labs use. Children inherit them already imported."""

LENGTH = struct.Struct(">I")
CODE = struct.Struct(">I")


def main(control: socket.socket) -> None:
    """Serve jobs until the host closes the socket."""
    config = json.loads(_receive(control, LENGTH.unpack(_receive(control, LENGTH.size))[0]))
    if config["linux"] and not config["namespaces"]:
        # Without its own process 1, a submission's orphaned processes would become children of the machine's.
        child.prctl(child.PR_SET_CHILD_SUBREAPER, 1, optional=True)
    try:
        serve = _import_all(config)
    except BaseException:
        control.sendall(b"x" + traceback.format_exc().encode()[-4000:])
        raise
    # These objects are never freed. Without freeze, every child's first garbage collection would copy them.
    gc.collect()
    gc.freeze()
    control.sendall(b"r")
    if config["listener"] >= 0:
        control = _fork_parents(control, config, serve)
    while _job(control, config, serve):
        pass


def _fork_parents(control: socket.socket, config: child.Config, serve: Callable[[int, int], None]) -> socket.socket:
    """Fork a parent for each worker that connects, until the host closes its socket.

    Only the forked parents return from this function, with their own socket. Until the first worker connects, the
    host's own jobs are done as usual, so that the host can test the sandbox.
    """
    listener = socket.socket(fileno=config["listener"])
    forking = False
    while True:
        _collect()
        ready, _, _ = select.select([control, listener], [], [])
        if control in ready:
            # The clean-up after a job would also kill the other parents.
            if forking or not _job(control, config, serve):
                sys.exit(0)
            continue
        connection, _ = listener.accept()
        forking = True
        between = os.fork()
        if between == 0:
            control.close()
            listener.close()
            try:
                # NEW_PIDS affects only children, and a process can use it only once. So an extra process does this.
                child.unshare(child.NEW_PIDS)
                if os.fork():
                    os._exit(0)
            except OSError as error:
                connection.sendall(b"x" + str(error).encode())
                os._exit(1)
            connection.sendall(b"r")
            return connection
        connection.close()
        os.waitpid(between, 0)


def _job(control: socket.socket, config: child.Config, serve: Callable[[int, int], None]) -> bool:
    """Wait for a job, fork a child for it and wait until all its processes have ended.

    Returns False if the host has closed the socket.
    """
    message, descriptors, _, _ = socket.recv_fds(control, 1, 3)
    if not message:
        return False
    pid = os.fork()
    if pid == 0:
        child.run(tuple(descriptors), config, serve)
    for descriptor in descriptors:
        os.close(descriptor)
    control.sendall(CODE.pack(_wait_for(pid, control)))
    return True


def _import_all(config: child.Config) -> Callable[[int, int], None]:
    """Import the labs' modules, and return the function that a child runs."""
    # Preloading does not help a single job: it imports only the modules that it uses, and seldom all of them.
    for name in IMPORTED if config["preload"] else ():
        importlib.import_module(name)
    import torch

    # One thread: a thread pool does not survive a fork, and the child's first large matrix product would hang.
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    from . import shell

    made = shell.prepare()
    tasks = Path("/proc/self/task")
    threads = len(list(tasks.iterdir())) if tasks.is_dir() else 1
    if threads != 1:
        raise RuntimeError(f"the parent has {threads} threads: a fork would carry over one of them")
    return lambda job, out: shell.serve(made, job, out, seed=config["seed"], limit=config["cell_output"])


def _wait_for(pid: int, control: socket.socket) -> int:
    """Wait for a child and return its exit code, or 128 plus the signal. End the parent if the host has ended."""
    if hasattr(os, "pidfd_open"):
        ended = os.pidfd_open(pid)
        ready, _, _ = select.select([ended, control], [], [])
        os.close(ended)
        if control in ready:
            # The host sends nothing while a job runs, so its socket is closed. When process 1 exits, the kernel kills
            # all other processes in its namespace.
            os.kill(pid, signal.SIGKILL)
            sys.exit(0)
    while True:
        # Process 1 also becomes the parent of orphaned processes.
        reaped, status = os.wait()
        if reaped == pid:
            _end_the_rest()
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _end_the_rest() -> None:
    """Kill the processes that the last child left behind, and wait until they have ended."""
    if os.getpid() != 1:
        # The host kills them in this case: a signal to all processes would reach the user's other programs.
        _collect()
        return
    with contextlib.suppress(ChildProcessError):
        while True:
            # From process 1, -1 signals all other processes in the namespace at once, so none can escape by forking.
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)
            os.wait()


def _collect() -> None:
    """Reap ended child processes."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _receive(control: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = control.recv(count - len(data))
        if not part:
            sys.exit(0)
        data += part
    return data
