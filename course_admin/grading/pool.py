"""Workers, of this machine or of a cluster, and how tasks are spread over them so that none is lost.

    with ProcessPool(2) as pool:
        for task, result in spread(pool, iter(tasks), deque()): ...

Both kinds are `concurrent.futures` underneath. When a worker dies, its task loses one of three attempts, and other
tasks lose nothing: on this machine each worker is an executor of its own, on a cluster the scheduler restarts tasks.
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
"""Seconds until a cluster must have a worker."""


class LostError(Exception):
    """The worker of a task died or left, as often as the task was tried."""


@dataclass
class Task:
    """A call for a worker. key: identifies it for the caller; seconds: after which the worker is ended (on this
    machine; a sandbox has its own limits, this is for what hangs outside of it); tried: how often so far.
    """

    function: Callable
    arguments: tuple[Any, ...]
    key: Any = None
    seconds: float = float("inf")
    tried: int = 0
    since: float = 0.0


def get_ready() -> None:
    """Begin to import what workers need, in the process that they will be forked from. Returns at once."""
    # Read when torch is imported. Several processes with several threads each slow each other down, and a process
    # that forks must have one thread.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if sys.platform != "win32":
        from multiprocessing import forkserver

        multiprocessing.get_context("forkserver").set_forkserver_preload(["course_admin.grading.preload"])
        forkserver.ensure_running()


class ProcessPool:
    """Worker processes on this machine, forked from one that has imported what they need, and ready when needed.

    Their sandboxes are forked from one preloaded sandbox that is opened here, in the background: libraries are in
    memory once, and the sandbox is tested once.
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
        """Begin to open the fork server of the workers' sandboxes. Returns at once."""
        if self._opening is None or self._opening[0] != execution:
            self._close_fork_server()
            self._opening = (execution, self._opener.submit(_open_fork_server, execution))

    def fork_server(self) -> ForkServer | None:
        """The fork server of the workers' sandboxes, when it was prepared; None: each worker opens its own sandbox."""
        if self._opening is None:
            return None
        try:
            return self._opening[1].result().fork_server
        except SandboxError:
            return None  # a worker will get the same error and report it

    def _close_fork_server(self) -> None:
        opening, self._opening = self._opening, None
        if opening is not None:
            with contextlib.suppress(SandboxError):
                opening[1].result().close()

    def submit(self, function: Callable, *arguments: Any) -> Future:
        """Give a task to a worker that has none. Never more than `size` at a time."""
        worker = self._idle.pop() if self._idle else self.start_worker()
        try:
            future = worker.executor.submit(function, *arguments)
        except BrokenProcessPool:  # it has died since
            worker = self._replaced(worker)
            future = worker.executor.submit(function, *arguments)
        self._busy[future] = worker
        return future

    def back(self, future: Future) -> None:
        """To be called with every future that is done."""
        worker = self._busy.pop(future)
        self._idle.append(self._replaced(worker) if isinstance(future.exception(), BrokenProcessPool) else worker)

    def end(self, future: Future) -> None:
        """End the worker of a task that takes too long; its future gets an exception."""
        self._busy[future].kill()

    def pids(self) -> list[int]:
        """The worker processes."""
        return [worker.pid for worker in [*self._idle, *self._busy.values()]]

    @staticmethod
    def lost(error: BaseException) -> bool:
        """Whether an exception means that the worker died, not that the task failed."""
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
        """End it, in the middle of a task if need be: what it has not reported is done again another time."""
        if not self.asked.done() or self.asked.exception() is None:
            self.kill()
        self.executor.shutdown(wait=True, cancel_futures=True)


class ThreadPool:
    """A thread of this process as the only worker: for one submission it is ready sooner."""

    size, died = 1, 0

    def prepare(self, execution: Execution) -> None:
        """Nothing to do: one worker needs one sandbox."""

    def fork_server(self) -> None:
        """None: see `prepare`."""

    def __enter__(self) -> ThreadPool:
        self._executor = ThreadPoolExecutor(1)
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.submit(_close_sandboxes).result()
        self._executor.shutdown()

    def submit(self, function: Callable, *arguments: Any) -> Future:
        """Give it a task."""
        return self._executor.submit(function, *arguments)

    def back(self, future: Future) -> None:
        """To be called with every future that is done."""

    def end(self, future: Future) -> None:
        """A thread cannot be ended."""

    @staticmethod
    def lost(error: BaseException) -> bool:
        """A thread ends with its process."""
        return False


class Cluster:
    """The workers of a running Dask cluster, by the address of its scheduler."""

    def __init__(self, address: str) -> None:
        """Raises CourseError when there is no such cluster, or Dask is not installed."""
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
            # The workers stay; the sandboxes that they keep open are closed.
            self._client.run(_close_sandboxes)
        self._client.close()

    def prepare(self, execution: Execution) -> None:
        """Which workers are on one machine is not known here: each opens its own sandbox."""

    def fork_server(self) -> None:
        """None: see `prepare`."""

    @property
    def size(self) -> int:
        """How many tasks at a time: one for each thread of each worker that is there now, and one in reserve."""
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
        """To be called with every future that is done."""

    def end(self, future: Future) -> None:
        """The workers of a cluster are never ended from here."""

    @staticmethod
    def lost(error: BaseException) -> bool:
        """Whether an exception means that the worker died, not that the task failed."""
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
    """Run tasks on workers that are free, and yield each task with its result or its exception, as they finish.

    tasks: taken one ahead of what is needed; first: tasks that go before them, to which the caller may add; tick:
    called several times a second with what is running. A task whose worker died is tried again, at most twice; then
    its result is a LostError.
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
                    task.tried = ATTEMPTS + 1  # it would take as long again
                    pool.end(future)
    finally:
        for future in running:
            future.cancel()


def _begin() -> None:
    """The first thing that a worker on this machine does."""
    # Ctrl-C reaches the whole group of processes; only the main process handles it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A worker ends with the process that started it, however that ends.
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
