"""One line in place of a traceback where the traceback says nothing about the student's own code.

A cell below an unfinished exercise would show a NotImplementedError, and a cell that passes a wrong answer on to a
function of the course thirty lines of that function. Every other error keeps its whole traceback.
"""

import sys
import traceback
from pathlib import Path
from types import FrameType, TracebackType

COURSE = str(Path(__file__).parent)


def shorten() -> None:
    """In a notebook, from now on: one line for these two kinds of errors. Elsewhere nothing happens."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None and not shell.custom_exceptions:
        shell.set_custom_exc((Exception,), _shown)


def in_one_line(error: BaseException, frames: list[traceback.FrameSummary], names: list[str]) -> str | None:
    """The line to show for an error, or None for the whole traceback.

    frames: of its traceback, the outermost first. names: what the function of each frame is called.
    """
    own = [position for position, frame in enumerate(frames) if _of_notebook(frame.filename)]
    if not own or hasattr(error, "_render_traceback_"):  # a check's own error shows itself
        return None
    last = own[-1]
    if isinstance(error, NotImplementedError) and last == len(frames) - 1 and names[last] != "<module>":
        return f"·  `{names[last].split('.')[0]}` is not complete yet: fill in its cell first, then run this one again"
    called = frames[last + 1 : last + 2]
    if names[last] == "<module>" and called and called[0].filename.startswith(COURSE):
        return f"✗  {type(error).__name__} in line {frames[last].lineno} of this cell: {error}"
    return None


def _of_notebook(filename: str) -> bool:
    """ipykernel names cells /tmp/ipykernel_1/2.py, IPython alone <ipython-input-1-...>."""
    return "ipykernel_" in filename or filename.startswith("<ipython-input")


def _name(frame: FrameType) -> str:
    """Of the function of a frame, a method's with its class. Python 3.10 keeps no such name in the code."""
    code = frame.f_code
    owner = type(frame.f_locals["self"]).__qualname__ + "." if "self" in frame.f_locals else ""
    return getattr(code, "co_qualname", owner + code.co_name)


def _shown(shell, kind: type, error: BaseException, trace: TracebackType, tb_offset: int | None = None) -> None:
    walked = list(traceback.walk_tb(trace))
    frames = [traceback.FrameSummary(f.f_code.co_filename, line, f.f_code.co_name) for f, line in walked]
    line = in_one_line(error, frames, [_name(f) for f, _ in walked])
    if line is not None:
        error._render_traceback_ = lambda: [line]
    shell.showtraceback((kind, error, trace), tb_offset=tb_offset, running_compiled_code=True)
