"""Prevents answers from calling functions that the course provides for later sections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any

_asking: ContextVar[bool] = ContextVar("asking", default=False)


@contextmanager
def asking() -> Iterator[None]:
    """`with asking(): ...` marks the time in which a probe calls a student's code."""
    token = _asking.set(True)
    try:
        yield
    finally:
        _asking.reset(token)


def not_an_answer(function: Callable) -> Callable:
    """Make a function refuse (RuntimeError) to be called by an answer that a check or an exam asks about."""

    @wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if _asking.get():
            raise RuntimeError(
                f"{function.__module__}.{function.__name__} is for the later sections: this exercise asks for your code"
            )
        return function(*args, **kwargs)

    return guarded
