"""The limits of a submission, and the words for each limit when it was exceeded."""

from __future__ import annotations

from dataclasses import dataclass

MB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """The limits of one submission. Seconds are of the clock on the wall, sizes are bytes.

    cell_seconds, question_seconds, notebook_seconds: a cell, an exam's question, everything together; interrupt: how
    long after an interrupt a cell may go on before Python is ended; memory: of all processes together beyond what the
    preloaded parent shares with them; disk: of /tmp and the working folder each, and of one file; inodes: files in
    each;
    cell_output, notebook_output: what is kept for the feedback page; flood: what is read of one cell before Python is
    ended.
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
        """The limit behind an error message of Python's or the system's, None when it sounds like none of them.

        Only words for a person: a student's code can raise any message.
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
    """Bytes in words: "2 GB", "64 MB"."""
    return f"{count / (1 << 30):.3g} GB" if count >= 1 << 30 else f"{count / MB:.3g} MB"


def seconds(count: float) -> str:
    """Seconds in words: "60 s"."""
    return f"{count:.3g} s"
