"""The limits of a submission, and a text for each exceeded limit."""

from __future__ import annotations

from dataclasses import dataclass

MB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """The limits of one submission. Times are wall-clock seconds, sizes are bytes.

    cell_seconds, question_seconds, notebook_seconds: for one cell, one exam question, everything together; interrupt:
    how long a cell may continue after an interrupt before Python is killed; memory: of all processes together, without
    the memory that the preloaded parent shares with them; processes: processes and threads; files: open files; disk:
    of /tmp, of the working folder, and of one file; shared_memory: of /dev/shm; inodes: files in each folder;
    cell_output, notebook_output: maximum that is kept for the feedback page; flood: maximum that is read from one cell
    before Python is killed.
    """

    cell_seconds: float = 60
    question_seconds: float = 60
    notebook_seconds: float = 600
    interrupt: float = 3
    memory: int = 2048 * MB
    processes: int = 128
    files: int = 256
    disk: int = 256 * MB
    shared_memory: int = 256 * MB
    inodes: int = 20_000
    cell_output: int = 4 * MB
    notebook_output: int = 32 * MB
    flood: int = 64 * MB

    def explain(self, text: str) -> str | None:
        """Return the limit that probably caused an error message of Python or the system, or None.

        Use it only as text for people: a student's code can raise any message.
        """
        for sign, limit in (
            ("MemoryError", f"the limit of {size(self.memory)} of memory"),
            ("can't allocate memory", f"the limit of {size(self.memory)} of memory"),
            ("Cannot allocate memory", f"the limit of {size(self.memory)} of memory"),
            ("No space left on device", f"the limit of {size(self.disk)} or {self.inodes:,} files on disk"),
            ("File too large", f"the limit of {size(self.disk)} for one file"),
            ("Too many open files", f"the limit of {self.files} open files"),
            ("can't start new thread", f"the limit of {self.processes} processes and threads"),
            ("Resource temporarily unavailable", f"the limit of {self.processes} processes and threads"),
        ):
            if sign in text:
                return limit
        return None


def size(count: float) -> str:
    """Return a number of bytes as text: "2 GB", "64 MB"."""
    return f"{count / (1 << 30):.3g} GB" if count >= 1 << 30 else f"{count / MB:.3g} MB"


def seconds(count: float) -> str:
    """Return a number of seconds as text: "60 s"."""
    return f"{count:.3g} s"
