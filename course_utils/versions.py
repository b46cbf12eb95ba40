"""Whether a notebook and `course_utils` are of the same version of the course (docs/versions.md).

The build writes the version into the first code cell of every release, `COURSE_VERSION = "1.2.0"`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable

import course_utils

NAME = "COURSE_VERSION"
LINE = re.compile(rf'^{NAME} = "(\d[\d.]{{0,20}})"', re.MULTILINE)


def differ(one: str, other: str) -> bool:
    """Whether an exercise or a check may differ between two versions: their first or second numbers do."""
    return one.split(".")[:2] != other.split(".")[:2]


def named_in(sources: Iterable[str]) -> str:
    """The version that a notebook names, "" where it names none. sources: the text of its code cells."""
    return next((found[1] for source in sources if (found := LINE.search(source))), "")


def notice(version: object = None) -> None:
    """Print one line where this notebook is of another version than `course_utils`; elsewhere nothing happens.

    version: of the notebook; default: what its first cell says.
    """
    if version is None:
        ipython = sys.modules.get("IPython")
        shell = ipython.get_ipython() if ipython else None
        version = shell.user_ns.get(NAME) if shell else None
    if isinstance(version, str) and version and differ(version, course_utils.__version__):
        print(
            f"·  This notebook is of version {version} of the course, but course_utils is of version "
            f"{course_utils.__version__}: a check may ask for something else than the text. "
            "Install the bundle that this notebook came with."
        )
