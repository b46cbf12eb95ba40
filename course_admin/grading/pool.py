"""Pools of workers, on this machine or on a cluster, and the distribution of tasks to them.

    with ProcessPool(2) as pool:
        for task, result in spread(pool, iter(tasks), deque()): ...

All pools use `concurrent.futures` interfaces. When a worker dies, its task loses one of three attempts. Other tasks
are not affected: on this machine each worker has its own executor, and on a cluster the scheduler restarts tasks.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_admin.course import CourseError
from course_admin.sandbox.session import SandboxError

if TYPE_CHECKING:
    from course_admin.grading.execution import Execution
    from course_admin.sandbox.fork_server import ForkServer, Sandbox

ATTEMPTS = 3
TICK = 0.25
PATIENCE = 60.0
"""Seconds to wait for the first worker of a cluster."""


class LostError(Exception):
    """The worker died or disconnected in every attempt at a task, or the task took too long."""


@dataclass
class Task:
    """A function call for a worker to run.

    key: identifies the task for the caller; seconds: time limit after which the worker is killed (only on this
    machine; the sandbox has its own limits, this one is for code that hangs outside of the sandbox); tried: number of
    attempts so far; since: start of the last attempt (time.monotonic).
    """

    function: Callable
    arguments: tuple[Any, ...]
    key: Any = None
    seconds: float = float("inf")
    tried: int = 0
    since: float = 0.0


def get_ready() -> None:
    """Start the process that workers are forked from, which imports their modules. Returns immediately."""
    # torch reads this when it is imported. Several processes with several threads each slow each other down, and a
    # process that forks must have only one thread.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if sys.platform != "win32":
        from multiprocessing import forkserver

        multiprocessing.get_context("forkserver").set_forkserver_preload(["course_admin.grading.preload"])
        forkserver.ensure_running()


class ProcessPool:
    """Worker processes on this machine, forked from one process that has already imported their modules.

    Their sandboxes are forked from one preloaded sandbox, which this class opens in the background. So the libraries
    are in memory only once, and the sandbox is tested only once.
    """

    def __init__(self, size: int) -> None:
        get_ready()
        self.size = size
        self.died = 0
        self._opening: tuple[Execution, Future] | None = None
        self._opener = ThreadPoolExecutor(1)
        self._context = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
        self._idle: list[_Worker] = []
        self._busy: dict[Future, _Worker] = {}

    def __enter__(self) -> ProcessPool:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in [*self._idle, *self._busy.values()]:
            worker.stop()
        self._idle, self._busy = [], {}
        self._close_fork_server()
        self._opener.shutdown()

    def prepare(self, execution: Execution) -> None:
        """Start to open the fork server of the workers' sandboxes, in the background. Returns immediately."""
        if self._opening is None or self._opening[0] != execution:
            self._close_fork_server()
            self._opening = (execution, self._opener.submit(_open_fork_server, execution))

    def fork_server(self) -> ForkServer | None:
        """Return the fork server for the workers' sandboxes, or None if each worker must open its own sandbox."""
        if self._opening is None:
            return None
        try:
            return self._opening[1].result().fork_server
        except SandboxError:
            return None  # each worker then opens its own sandbox, gets the same error and reports it

    def _close_fork_server(self) -> None:
        opening, self._opening = self._opening, None
        if opening is not None:
            with contextlib.suppress(SandboxError):
                opening[1].result().close()

    def submit(self, function: Callable, *arguments: Any) -> Future:
        """Give a task to an idle worker. The caller must not have more than `size` tasks running."""
        worker = self._idle.pop() if self._idle else self.start_worker()
        try:
            future = worker.executor.submit(function, *arguments)
        except BrokenProcessPool:  # the worker died while it was idle
            worker = self._replaced(worker)
            future = worker.executor.submit(function, *arguments)
        self._busy[future] = worker
        return future

    def back(self, future: Future) -> None:
        """Mark the worker of a finished future as idle. Callers must do this for every finished future."""
        worker = self._busy.pop(future)
        self._idle.append(self._replaced(worker) if isinstance(future.exception(), BrokenProcessPool) else worker)

    def end(self, future: Future) -> None:
        """Kill the worker of a task that takes too long. The future gets an exception."""
        self._busy[future].kill()

    def pids(self) -> list[int]:
        """Return the process ids of all workers."""
        return [worker.pid for worker in [*self._idle, *self._busy.values()]]

    @staticmethod
    def lost(error: BaseException) -> bool:
        """Return whether an exception means that the worker died, not that the task failed."""
        return isinstance(error, BrokenProcessPool)

    def start_worker(self) -> _Worker:
        executor = ProcessPoolExecutor(1, mp_context=self._context, initializer=_begin)
        return _Worker(executor, executor.submit(os.getpid))

    def _replaced(self, worker: _Worker) -> _Worker:
        self.died += 1
        worker.stop()
        return self.start_worker()


@dataclass
class _Worker:
    executor: ProcessPoolExecutor
    asked: Future

    @property
    def pid(self) -> int:
        return self.asked.result()

    def kill(self) -> None:
        with contextlib.suppress(OSError, BrokenProcessPool):
            os.kill(self.pid, signal.SIGKILL)

    def stop(self) -> None:
        """Kill the worker, even in the middle of a task. A task without a result is done again later."""
        if not self.asked.done() or self.asked.exception() is None:
            self.kill()
        self.executor.shutdown(wait=True, cancel_futures=True)


class ThreadPool:
    """A pool with one thread of this process as its only worker. For a single submission this starts faster."""

    size, died = 1, 0

    def prepare(self, execution: Execution) -> None:
        """Do nothing: a single worker needs no fork server."""

    def fork_server(self) -> None:
        """Return None, see `prepare`."""

    def __enter__(self) -> ThreadPool:
        self._executor = ThreadPoolExecutor(1)
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.submit(_close_sandboxes).result()
        self._executor.shutdown()

    def submit(self, function: Callable, *arguments: Any) -> Future:
        """Give a task to the thread."""
        return self._executor.submit(function, *arguments)

    def back(self, future: Future) -> None:
        """Do nothing: the thread is the only worker."""

    def end(self, future: Future) -> None:
        """Do nothing: a thread cannot be killed."""

    @staticmethod
    def lost(error: BaseException) -> bool:
        """Return False: a thread cannot die before its process."""
        return False


class Cluster:
    """The workers of a running Dask cluster."""

    def __init__(self, address: str) -> None:
        """Connect to the scheduler at `address`.

        Raises CourseError if no scheduler answers, if it has no worker, or if Dask is not installed.
        """
        try:
            from distributed import Client
        except ImportError as error:
            raise CourseError(
                "--scheduler needs Dask: in the course's folder, pip install -e '.[grade,cluster]'"
            ) from error
        try:
            self._client = Client(address, timeout=10, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise CourseError(f"no Dask scheduler answers at {address}: start one with `dask scheduler`") from error
        try:
            self._client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as error:
            self._client.close()
            raise CourseError(
                f"the Dask scheduler at {address} has had no worker for {PATIENCE:g} s: "
                f"start some with `dask worker {address} --nthreads 1 --no-nanny`"
            ) from error
        self._executor = self._client.get_executor(pure=False, retries=0)
        self._address = address
        self.died = 0

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(Exception):
            # The workers continue to run, so their open sandboxes must be closed here.
            self._client.run(_close_sandboxes)
        self._client.close()

    def prepare(self, execution: Execution) -> None:
        """Do nothing: workers may be on different machines, so each worker opens its own sandbox."""

    def fork_server(self) -> None:
        """Return None, see `prepare`."""

    @property
    def size(self) -> int:
        """The number of tasks to submit at a time: one per thread of the current workers, plus one per worker."""
        with self._answering():
            threads = self._client.nthreads()
        return sum(threads.values()) + len(threads) or 1

    def submit(self, function: Callable, *arguments: Any) -> Future:
        """Give a task to the scheduler."""
        with self._answering():
            return self._executor.submit(function, *arguments)

    @contextlib.contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except (OSError, RuntimeError, TimeoutError) as error:
            raise CourseError(
                f"the Dask scheduler at {self._address} has gone: what was graded until now is in the gradebook, and "
                "the same command goes on from there once a scheduler is running"
            ) from error

    def back(self, future: Future) -> None:
        """Do nothing: the scheduler manages the workers."""

    def end(self, future: Future) -> None:
        """Do nothing: this process never kills the workers of a cluster."""

    @staticmethod
    def lost(error: BaseException) -> bool:
        """Return whether an exception means that the worker died, not that the task failed."""
        from distributed import CancelledError, KilledWorker
        from distributed.comm import CommClosedError

        return isinstance(error, KilledWorker | CancelledError | CommClosedError)


def spread(
    pool: ProcessPool | ThreadPool | Cluster,
    tasks: Iterator[Task],
    first: deque[Task],
    *,
    tick: Callable[[list[Task]], None] = lambda running: None,
) -> Iterator[tuple[Task, Any]]:
    """Run tasks on the workers of a pool. Yield each task with its result or its exception, as tasks finish.

    tasks: read lazily, at most one task ahead; first: tasks with priority over `tasks`, the caller may append to it;
    tick: called several times a second with the running tasks. A task whose worker died is tried again, at most
    twice. After that its result is a LostError.
    """
    running: dict[Future, Task] = {}
    ahead: deque[Task] = deque()
    try:
        while True:
            while len(running) < pool.size:
                task = first.popleft() if first else ahead.popleft() if ahead else next(tasks, None)
                if task is None:
                    break
                task.since, task.tried = time.monotonic(), task.tried + 1
                running[pool.submit(task.function, *task.arguments)] = task
            tick(list(running.values()))
            if not ahead:
                ahead.extend(task for task in [next(tasks, None)] if task is not None)
            if not running and not first and not ahead:
                return
            done, _ = wait(running, timeout=TICK, return_when=FIRST_COMPLETED)
            for future in done:
                task = running.pop(future)
                pool.back(future)
                error = None if future.cancelled() else future.exception()
                lost = future.cancelled() or (error is not None and pool.lost(error))
                if lost and task.tried < ATTEMPTS:
                    first.appendleft(task)
                elif lost:
                    why = f"the worker ended {task.tried} times while this was being done"
                    yield (
                        task,
                        LostError(why if task.tried <= ATTEMPTS else f"this took longer than {task.seconds:g} s"),
                    )
                else:
                    yield task, error if error is not None else future.result()
            for future, task in running.items():
                if time.monotonic() - task.since > task.seconds:
                    task.tried = ATTEMPTS + 1  # no further attempt: it would take as long again
                    pool.end(future)
    finally:
        for future in running:
            future.cancel()


def _begin() -> None:
    """Initialize a worker process on this machine."""
    # Ctrl-C sends SIGINT to the whole process group. Only the main process must handle it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The worker must end when its parent ends, even if the parent is killed.
    threading.Thread(target=_end_with, args=(multiprocessing.parent_process().sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os.kill(os.getpid(), signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)


def _open_fork_server(execution: Execution) -> Sandbox:
    from course_admin.sandbox.selftest import open_sandbox

    hide = [Path(folder) for folder in execution.hide]
    return open_sandbox(execution.sandbox, execution.limits, hide=hide, as_fork_server=True)


def _close_sandboxes() -> None:
    from course_admin.grading.execution import close_sandboxes

    close_sandboxes()
