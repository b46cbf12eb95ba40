"""Convert exceptions from workers and from nbgrader to one line for the person who grades."""

from __future__ import annotations

from course_admin.common.text import one_line
from course_admin.grading.pool import LostError


def reason(error: Exception) -> str:
    """Return one line that says why a submission could not be graded."""
    import nbformat
    from nbgrader.nbgraderformat import SchemaTooNewError, SchemaTooOldError

    first = one_line((str(error).strip().splitlines() or [""])[0], 200)
    if isinstance(error, LostError):
        return f"could not be graded: {first}; look at it by hand, in a sandbox"
    if isinstance(error, SchemaTooOldError | SchemaTooNewError):
        return "nbgrader cannot read the grading data of its cells"
    if isinstance(error, nbformat.ValidationError):
        return f"not a valid notebook: {first}"
    return f"could not be graded: {type(error).__name__}: {first}".rstrip(": ")
